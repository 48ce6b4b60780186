import type { Time } from "./time.ts";

/** An attribute as it was written; declarations of namespaces (`xmlns:tt`) are attributes too. */
export interface Attribute {
  /** With the prefix: `"ttp:timeBase"`. */
  readonly name: string;
  readonly localName: string;
  /** The namespace's URI, `""` for none. */
  readonly namespace: string;
  readonly value: string;
}

/** A run of text, as it was written: white space is kept. CDATA and text beside it are one run. */
export interface Text {
  readonly kind: "text";
  readonly text: string;
}

/** An element that is no content: metadata, head, styles, regions, whatever is foreign. Kept as it was written. */
export interface XmlElement {
  readonly kind: "element";
  /** With the prefix: `"tt:metadata"`. */
  readonly name: string;
  readonly localName: string;
  /** The namespace's URI, `""` for none. */
  readonly namespace: string;
  readonly attributes: readonly Attribute[];
  readonly children: readonly (XmlElement | Text)[];
}

/** A time as it was written, and what it is worth. */
export interface TimeExpression {
  readonly text: string;
  /** Undefined if the text is no time expression; there is a warning then. */
  readonly time: Time | undefined;
}

/** What all content elements share. */
export interface ContentElement {
  /** With the prefix: `"tt:p"`. */
  readonly name: string;
  /** All attributes in the order in which they were written, also those below. */
  readonly attributes: readonly Attribute[];
  /** `xml:id` */
  readonly id: string | undefined;
  readonly begin: TimeExpression | undefined;
  readonly end: TimeExpression | undefined;
  /** In EBU-TT Live only the body has one. */
  readonly dur: TimeExpression | undefined;
  /** The ids of styles. */
  readonly style: readonly string[];
  readonly region: string | undefined;
  /** Whether `xml:space="preserve"` holds here. */
  readonly preserveSpace: boolean;
}

/** `tt:body` */
export interface Body extends ContentElement {
  readonly kind: "body";
  readonly children: readonly BlockContent[];
}

/** `tt:div` */
export interface Div extends ContentElement {
  readonly kind: "div";
  readonly children: readonly BlockContent[];
}

/** `tt:p`: text, line breaks and spans in the order in which they are shown. */
export interface Paragraph extends ContentElement {
  readonly kind: "p";
  readonly children: readonly InlineContent[];
}

/** `tt:span` */
export interface Span extends ContentElement {
  readonly kind: "span";
  readonly children: readonly InlineContent[];
}

/** `tt:br` */
export interface LineBreak extends ContentElement {
  readonly kind: "br";
  readonly children: readonly XmlElement[];
}

/** What a body or a div holds. */
export type BlockContent = Div | Paragraph | XmlElement;

/** What a paragraph or a span holds; elements are metadata or foreign and not part of the text. */
export type InlineContent = Text | Span | LineBreak | XmlElement;

/** What has times. */
export type TimedElement = Body | Div | Paragraph | Span;

/** What a document's root holds. */
export type RootContent = XmlElement | Body;

/** Any node of a document. */
export type Node = Text | XmlElement | Body | Div | Paragraph | Span | LineBreak;

/**
 * A live message (`ebuttlm:message`), which may share a stream with documents: no document, and no damage.
 *
 * @example
 * ```ts
 * if (item.kind === "message") job.log.info(`${item.message.sender}: ${item.message.payload}`);
 * ```
 */
export interface LiveMessage {
  readonly kind: "message";
  readonly sequenceIdentifier: string | undefined;
  /** The text of `header/type`. */
  readonly type: string | undefined;
  readonly sender: string | undefined;
  readonly recipients: readonly string[];
  /** The text of the payload. */
  readonly payload: string | undefined;
  /** The whole message as it was written. */
  readonly element: XmlElement;
}

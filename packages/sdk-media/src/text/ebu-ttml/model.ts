import type { Time } from "./time.ts";

/** An attribute as written in the document. Namespace declarations (`xmlns:tt`) are attributes too. */
export interface Attribute {
  /** The name with its prefix, such as `"ttp:timeBase"`. */
  readonly name: string;
  readonly localName: string;
  /** The URI of the namespace; `""` if there is none. */
  readonly namespace: string;
  readonly value: string;
}

/** A run of text as written in the document, with its white space. Adjacent text and CDATA form one run. */
export interface Text {
  readonly kind: "text";
  readonly text: string;
}

/** An element that is not content: metadata, head, styles, regions and foreign elements. Kept as written. */
export interface XmlElement {
  readonly kind: "element";
  /** The name with its prefix, such as `"tt:metadata"`. */
  readonly name: string;
  readonly localName: string;
  /** The URI of the namespace; `""` if there is none. */
  readonly namespace: string;
  readonly attributes: readonly Attribute[];
  readonly children: readonly (XmlElement | Text)[];
}

/** A time expression as written in the document, with its value. */
export interface TimeExpression {
  readonly text: string;
  /** The value; undefined, with a warning, if the text is not a valid time expression. */
  readonly time: Time | undefined;
}

/** Properties of all content elements. */
export interface ContentElement {
  /** The name with its prefix, such as `"tt:p"`. */
  readonly name: string;
  /** All attributes in document order, including those below. */
  readonly attributes: readonly Attribute[];
  /** The `xml:id`. */
  readonly id: string | undefined;
  readonly begin: TimeExpression | undefined;
  readonly end: TimeExpression | undefined;
  /** In EBU-TT Live, only the body can have one. */
  readonly dur: TimeExpression | undefined;
  /** The ids of the referenced styles. */
  readonly style: readonly string[];
  /** The id of the referenced region. */
  readonly region: string | undefined;
  /** Whether `xml:space="preserve"` applies to this element. */
  readonly preserveSpace: boolean;
}

/** The `tt:body` of a document. */
export interface Body extends ContentElement {
  readonly kind: "body";
  readonly children: readonly BlockContent[];
}

/** A `tt:div`. */
export interface Div extends ContentElement {
  readonly kind: "div";
  readonly children: readonly BlockContent[];
}

/** A `tt:p`: text, line breaks and spans in document order. */
export interface Paragraph extends ContentElement {
  readonly kind: "p";
  readonly children: readonly InlineContent[];
}

/** A `tt:span`. */
export interface Span extends ContentElement {
  readonly kind: "span";
  readonly children: readonly InlineContent[];
}

/** A `tt:br`. */
export interface LineBreak extends ContentElement {
  readonly kind: "br";
  readonly children: readonly XmlElement[];
}

/** A child of a body or a div. */
export type BlockContent = Div | Paragraph | XmlElement;

/** A child of a paragraph or a span. Other elements are metadata or foreign, and not part of the text. */
export type InlineContent = Text | Span | LineBreak | XmlElement;

/** An element that has times. */
export type TimedElement = Body | Div | Paragraph | Span;

/** A child of the root of a document. */
export type RootContent = XmlElement | Body;

/** Any node of a document. */
export type Node = Text | XmlElement | Body | Div | Paragraph | Span | LineBreak;

/**
 * A live message (`ebuttlm:message`), which can share a stream with documents. It is neither a document nor damage.
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
  /** The whole message as written. */
  readonly element: XmlElement;
}

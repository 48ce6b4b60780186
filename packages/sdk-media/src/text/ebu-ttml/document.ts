import { EbuTtError } from "./error.ts";
import { mapRuns, type TextMapper } from "./map-text.ts";
import type { Attribute, Body, RootContent, XmlElement } from "./model.ts";
import { EBUTTM, EBUTTP, TT, XML, XMLNS } from "./namespaces.ts";
import { type DocumentProperties, readRoot } from "./root.ts";

/** What `with` changes; what is undefined or missing stays as it is. */
export interface DocumentChanges {
  /** `xml:lang`; may be empty. */
  readonly language?: string | undefined;
  readonly sequenceIdentifier?: string | undefined;
  readonly sequenceNumber?: number | undefined;
  readonly authorsGroupIdentifier?: string | undefined;
  readonly authorsGroupControlToken?: number | undefined;
  readonly authorsGroupSelectedSequenceIdentifier?: string | undefined;
  readonly referenceClockIdentifier?: string | undefined;
  /** A signed number with its unit: `"-1.5s"`. */
  readonly authoringDelay?: string | undefined;
}

/** What a document is made of. @internal */
export interface DocumentParts {
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly children: readonly RootContent[];
  readonly properties: DocumentProperties;
  readonly warnings: readonly EbuTtError[];
  readonly preserveSpace: boolean;
  readonly arrival?: StreamArrival | undefined;
}

/** Where a document came in a stream of a media. */
export interface StreamArrival {
  /** Of the packet in which it began, in the stream's time base; undefined if that has none. */
  readonly pts: bigint | undefined;
  /** Of that packet, from the start of the media; undefined if it has no timestamp. */
  readonly timeMs: number | undefined;
  /**
   * What has to be added to the document's times for times of the media, where the stream says it: of DVB TTML the time of
   * the packet less the media time in its header; in MP4 the negative start time of the media. Undefined elsewhere, as for
   * documents by the clock.
   */
  readonly offsetMs: number | undefined;
}

const CHANGEABLE: { readonly [name in keyof Required<DocumentChanges>]: readonly [string, string, string] } = {
  language: [XML, "xml", "lang"],
  sequenceIdentifier: [EBUTTP, "ebuttp", "sequenceIdentifier"],
  sequenceNumber: [EBUTTP, "ebuttp", "sequenceNumber"],
  authorsGroupIdentifier: [EBUTTP, "ebuttp", "authorsGroupIdentifier"],
  authorsGroupControlToken: [EBUTTP, "ebuttp", "authorsGroupControlToken"],
  authorsGroupSelectedSequenceIdentifier: [EBUTTP, "ebuttp", "authorsGroupSelectedSequenceIdentifier"],
  referenceClockIdentifier: [EBUTTP, "ebuttp", "referenceClockIdentifier"],
  authoringDelay: [EBUTTM, "ebuttm", "authoringDelay"],
};

/**
 * A document of EBU-TT Live, EBU-TT-D, EBU-TT Part 1 or plain TTML. Documents never change: `with` and `mapText` give new
 * ones, which share what they did not change. Nodes are read-only by their types: to freeze each took a third of the time.
 *
 * @example
 * ```ts
 * const document = parseDocument(xml);
 * const translated = (await document.mapText(translate)).with({ sequenceIdentifier: "tr-de", language: "de" });
 * write(translated);
 * ```
 */
export class EbuTtDocument {
  readonly kind = "document";
  /** The name of the root with its prefix: `"tt:tt"`. */
  readonly name: string;
  /** All attributes of the root, in the order in which they were written. */
  readonly attributes: readonly Attribute[];
  /** Head, body, and what else the root holds. */
  readonly children: readonly RootContent[];
  /** What the attributes of the root say. */
  readonly properties: DocumentProperties;
  /** What is wrong with the document and did not keep it from being read (lenient mode); at most 100. */
  readonly warnings: readonly EbuTtError[];
  /** Whether the root says `xml:space="preserve"`. */
  readonly preserveSpace: boolean;
  /** Where it came in a stream; undefined if it was parsed by itself. `with` and `mapText` keep it. */
  readonly arrival: StreamArrival | undefined;

  /** @internal */
  constructor(parts: DocumentParts) {
    this.name = parts.name;
    this.attributes = parts.attributes;
    this.children = parts.children;
    this.properties = parts.properties;
    this.warnings = parts.warnings;
    this.preserveSpace = parts.preserveSpace;
    this.arrival = parts.arrival;
    Object.freeze(this);
  }

  /** `xml:lang`; may be empty. */
  get language(): string | undefined {
    return this.properties.language;
  }

  /** @default "media" where the document has none */
  get timeBase(): "clock" | "media" | "smpte" {
    return this.properties.timeBase;
  }

  /** Which clock, where the time base is `"clock"`. */
  get clockMode(): "local" | "utc" | "gps" | undefined {
    return this.properties.clockMode;
  }

  /** Undefined in documents that are not live. */
  get sequenceIdentifier(): string | undefined {
    return this.properties.sequenceIdentifier;
  }

  /** From 1. Undefined in documents that are not live. */
  get sequenceNumber(): number | undefined {
    return this.properties.sequenceNumber;
  }

  get body(): Body | undefined {
    return this.children.find((child) => child.kind === "body");
  }

  get head(): XmlElement | undefined {
    const isHead = (child: RootContent) =>
      child.kind === "element" && child.localName === "head" && child.namespace === TT;
    return this.children.find(isHead) as XmlElement | undefined;
  }

  /**
   * A document in which the attributes of the root are these.
   *
   * @throws EbuTtError `BadValue` if EBU-TT does not allow a value.
   */
  with(changes: DocumentChanges): EbuTtDocument {
    const attributes = [...this.attributes];
    for (const [name, [namespace, prefix, localName]] of Object.entries(CHANGEABLE)) {
      const value = changes[name as keyof DocumentChanges];
      if (value !== undefined) setAttribute(attributes, namespace, prefix, localName, String(value));
    }
    const properties = readRoot(
      attributes,
      (code, message, attribute = "", value = "") => {
        const isChanged = Object.entries(CHANGEABLE).some(
          ([name, [, , localName]]) => localName === attribute && changes[name as keyof DocumentChanges] !== undefined,
        );
        if (!isChanged) return;
        const text = typeof message === "string" ? message : message(attribute, value);
        throw new EbuTtError(code, text, attribute === "" ? {} : { attribute });
      },
      true,
    );
    return new EbuTtDocument({ ...this, attributes, properties: Object.freeze(properties) });
  }

  /**
   * A document with other text. The function is called for each run of text that is shown, one after another, in their
   * order; it sees the text as it is shown (white space collapsed, unless `xml:space` preserves it). White space around a
   * run stays.
   */
  async mapText(mapper: TextMapper): Promise<EbuTtDocument> {
    const children: RootContent[] = [];
    for (const child of this.children) children.push(child.kind === "body" ? await mapRuns(child, mapper) : child);
    return new EbuTtDocument({ ...this, children });
  }
}

function setAttribute(
  attributes: Attribute[],
  namespace: string,
  prefix: string,
  localName: string,
  value: string,
): void {
  const index = attributes.findIndex((other) => other.localName === localName && other.namespace === namespace);
  const present = attributes[index];
  if (present !== undefined) {
    attributes[index] = { ...present, value };
    return;
  }
  const used = prefix === "xml" ? prefix : declare(attributes, namespace, prefix);
  attributes.push({ name: `${used}:${localName}`, localName, namespace, value });
}

// The prefix of a namespace at the root, declared if it is not.
function declare(attributes: Attribute[], namespace: string, wanted: string): string {
  const declared = attributes.find(({ name, value }) => name.startsWith("xmlns:") && value === namespace);
  if (declared !== undefined) return declared.localName;
  let prefix = wanted;
  for (let i = 1; attributes.some(({ name }) => name === `xmlns:${prefix}`); i++) prefix = `${wanted}${i}`;
  attributes.push({ name: `xmlns:${prefix}`, localName: prefix, namespace: XMLNS, value: namespace });
  return prefix;
}

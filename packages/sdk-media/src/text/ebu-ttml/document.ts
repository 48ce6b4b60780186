import { EbuTtError } from "./error.ts";
import { mapRuns, type TextMapper } from "./map-text.ts";
import type { Attribute, Body, RootContent, XmlElement } from "./model.ts";
import { EBUTTM, EBUTTP, TT, XML, XMLNS } from "./namespaces.ts";
import { type DocumentProperties, readRoot } from "./root.ts";

/** The changes for {@link EbuTtDocument.with}. Properties that are undefined or omitted stay unchanged. */
export interface DocumentChanges {
  /** `xml:lang`; can be empty. */
  readonly language?: string | undefined;
  readonly sequenceIdentifier?: string | undefined;
  readonly sequenceNumber?: number | undefined;
  readonly authorsGroupIdentifier?: string | undefined;
  readonly authorsGroupControlToken?: number | undefined;
  readonly authorsGroupSelectedSequenceIdentifier?: string | undefined;
  readonly referenceClockIdentifier?: string | undefined;
  /** A signed number with its unit, such as `"-1.5s"`. */
  readonly authoringDelay?: string | undefined;
}

/** The properties of a document for its constructor. @internal */
export interface DocumentParts {
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly children: readonly RootContent[];
  readonly properties: DocumentProperties;
  readonly warnings: readonly EbuTtError[];
  readonly preserveSpace: boolean;
  readonly arrival?: StreamArrival | undefined;
}

/** The position of a document in a stream. */
export interface StreamArrival {
  /** The timestamp of the packet in which it starts, in the stream's time base; undefined if the packet has none. */
  readonly pts: bigint | undefined;
  /** The time of that packet, from the start of the source; undefined if it has no timestamp. */
  readonly timeMs: number | undefined;
  /**
   * The offset that converts the document's times to times of the source, if the stream provides it. For DVB TTML, the
   * time of the packet minus the media time in its header; in MP4, the negative start time of the source. Undefined
   * otherwise, for example for documents with clock times.
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
 * A document of EBU-TT Live, EBU-TT-D, EBU-TT Part 1 or plain TTML. Documents are immutable: `with` and `mapText`
 * return new documents, which share the unchanged parts. Nodes are read-only by their types only, because freezing each
 * of them took a third of the parsing time.
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
  /** The name of the root with its prefix, such as `"tt:tt"`. */
  readonly name: string;
  /** All attributes of the root, in document order. */
  readonly attributes: readonly Attribute[];
  /** The children of the root: head, body and others. */
  readonly children: readonly RootContent[];
  /** The values of the root's attributes. */
  readonly properties: DocumentProperties;
  /** The faults that lenient mode tolerated; at most 100. */
  readonly warnings: readonly EbuTtError[];
  /** Whether the root has `xml:space="preserve"`. */
  readonly preserveSpace: boolean;
  /** The position in a stream; undefined if it was not read from one. `with` and `mapText` keep it. */
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

  /** `xml:lang`; can be empty. */
  get language(): string | undefined {
    return this.properties.language;
  }

  /** The time base. @default "media" if the document has none */
  get timeBase(): "clock" | "media" | "smpte" {
    return this.properties.timeBase;
  }

  /** The kind of clock if the time base is `"clock"`. */
  get clockMode(): "local" | "utc" | "gps" | undefined {
    return this.properties.clockMode;
  }

  /** The identifier of the sequence; undefined in documents that are not live. */
  get sequenceIdentifier(): string | undefined {
    return this.properties.sequenceIdentifier;
  }

  /** The number in the sequence, from 1; undefined in documents that are not live. */
  get sequenceNumber(): number | undefined {
    return this.properties.sequenceNumber;
  }

  /** The `tt:body`, if there is one. */
  get body(): Body | undefined {
    return this.children.find((child) => child.kind === "body");
  }

  /** The `tt:head`, if there is one. */
  get head(): XmlElement | undefined {
    const isHead = (child: RootContent) =>
      child.kind === "element" && child.localName === "head" && child.namespace === TT;
    return this.children.find(isHead) as XmlElement | undefined;
  }

  /**
   * Returns a document with other attributes of the root.
   *
   * @throws {@link EbuTtError} `BadValue` if EBU-TT does not allow a value.
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
   * Returns a document with other text. The function is called for each run of displayed text, one after another in
   * document order. It receives the text as it is displayed: white space is collapsed, unless `xml:space` preserves it.
   * White space around a run is kept.
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

// Returns the prefix of a namespace at the root, and declares it if necessary.
function declare(attributes: Attribute[], namespace: string, wanted: string): string {
  const declared = attributes.find(({ name, value }) => name.startsWith("xmlns:") && value === namespace);
  if (declared !== undefined) return declared.localName;
  let prefix = wanted;
  for (let i = 1; attributes.some(({ name }) => name === `xmlns:${prefix}`); i++) prefix = `${wanted}${i}`;
  attributes.push({ name: `xmlns:${prefix}`, localName: prefix, namespace: XMLNS, value: namespace });
  return prefix;
}

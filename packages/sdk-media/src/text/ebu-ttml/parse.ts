import { decodeText } from "./decode-text.ts";
import type { EbuTtDocument } from "./document.ts";
import { EbuTtError } from "./error.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import type { LiveMessage } from "./model.ts";
import type { ParseOptions } from "./parse-options.ts";
import { SourceText } from "./position.ts";
import { skipProlog } from "./prolog.ts";
import { DocumentReader } from "./reader.ts";

/**
 * Reads one document or live message: from text, or from bytes in UTF-8, or in UTF-16 with a byte order mark. What follows
 * its root is not looked at, but for text.
 *
 * @throws EbuTtError with the code and the position of what rejects it; in strict mode the first fault there is.
 *
 * @example
 * ```ts
 * const item = parse(bytes);
 * if (item.kind === "document") use(item.warnings, item.body);
 * ```
 */
export function parse(xml: string | Uint8Array, options: ParseOptions = {}): EbuTtDocument | LiveMessage {
  const bytes = typeof xml === "string" ? Buffer.byteLength(xml) : xml.byteLength;
  const limit = options.limits?.documentBytes ?? DEFAULT_LIMITS.documentBytes;
  if (bytes > limit)
    throw new EbuTtError("LimitExceeded", `The document has ${bytes} bytes, more than ${limit}.`, { limit: "size" });
  const text = typeof xml === "string" ? xml : decodeText(xml);
  const piece = { text, packetIndex: 0, byteOffset: 0, utf16: false };
  const source = new SourceText();
  refuseDoctype(text, source);
  const reader = new DocumentReader(source, options);
  const result = reader.write(piece);
  if (result === undefined) throw reader.truncated();
  if (result.item instanceof EbuTtError) throw result.item;
  if (isBlank(text, result.chars)) return result.item;
  const position = source.positionAt(result.chars);
  throw new EbuTtError("NotWellFormed", "Something follows the end of the document.", { position });
}

/**
 * Reads one document, as `parse` does.
 *
 * @throws EbuTtError also if it is a live message (`NotTtml`).
 *
 * @example
 * ```ts
 * const { sequenceNumber, language } = parseDocument(xml, { mode: "strict" });
 * ```
 */
export function parseDocument(xml: string | Uint8Array, options: ParseOptions = {}): EbuTtDocument {
  const item = parse(xml, options);
  if (item.kind === "document") return item;
  throw new EbuTtError("NotTtml", "This is a live message, not a document.");
}

// Before the parser reads it: a declaration may be long, and costs.
function refuseDoctype(text: string, source: SourceText): void {
  const { at, kind } = skipProlog(text, text.charCodeAt(0) === 0xfeff ? 1 : 0);
  if (kind !== "doctype") return;
  source.append({ text, packetIndex: 0, byteOffset: 0, utf16: false });
  throw new EbuTtError("DoctypeForbidden", "A document type declaration is refused.", {
    position: source.positionAt(at),
  });
}

function isBlank(text: string, from: number): boolean {
  let at = skipProlog(text, from).at;
  while (text.charCodeAt(at) === 0) at = skipProlog(text, at + 1).at;
  return at >= text.length;
}

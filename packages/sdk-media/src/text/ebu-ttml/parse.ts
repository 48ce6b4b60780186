/// <reference lib="es2024.string" />
import { decodeText, firstLoneSurrogate, markOf } from "./decode-text.ts";
import type { EbuTtDocument } from "./document.ts";
import { EbuTtError } from "./error.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import type { LiveMessage } from "./model.ts";
import type { ParseOptions } from "./parse-options.ts";
import { type Piece, SourceText } from "./position.ts";
import { skipProlog } from "./prolog.ts";
import { DocumentReader } from "./reader.ts";

const START = { packetIndex: 0, byteOffset: 0, charOffset: 0, line: 1, column: 1 };

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
  const maxBytes = options.limits?.documentBytes ?? DEFAULT_LIMITS.documentBytes;
  if (bytes > maxBytes) {
    const message = `The document has ${bytes} bytes, more than ${maxBytes}.`;
    throw new EbuTtError("LimitExceeded", message, { position: START, limit: "size" });
  }
  const mark = typeof xml === "string" ? undefined : markOf(xml);
  const text = typeof xml === "string" ? xml : decodeText(xml);
  const isUtf16 = mark !== undefined && mark.encoding !== "utf8";
  const piece = { text, packetIndex: 0, byteOffset: mark?.bytes ?? 0, utf16: isUtf16 };
  refuse(piece, text.charCodeAt(0) === 0xfeff ? 1 : 0);
  const source = new SourceText();
  if (!text.isWellFormed()) {
    source.append(piece);
    const position = source.positionAt(firstLoneSurrogate(text));
    throw new EbuTtError("NotWellFormed", "There is half a surrogate pair, which is no character.", { position });
  }
  const reader = new DocumentReader(source, options);
  const result = reader.write(piece);
  if (result === undefined) throw reader.truncated();
  if (result.item instanceof EbuTtError) throw result.item;
  if (isBlank(text, result.chars)) return result.item;
  refuse(piece, result.chars);
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
  throw new EbuTtError("NotTtml", "This is a live message, not a document.", { position: START });
}

// A document type declaration, before the parser reads it: it may be long, and costs.
function refuse(piece: Piece, from: number): void {
  const { at, kind } = skipProlog(piece.text, from);
  if (kind !== "doctype") return;
  const source = new SourceText();
  source.append(piece);
  throw new EbuTtError("DoctypeForbidden", "A document type declaration is refused.", {
    position: source.positionAt(at),
  });
}

function isBlank(text: string, from: number): boolean {
  let at = skipProlog(text, from).at;
  while (text.charCodeAt(at) === 0) at = skipProlog(text, at + 1).at;
  return at >= text.length;
}

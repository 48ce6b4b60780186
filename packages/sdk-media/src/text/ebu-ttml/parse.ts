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
 * Parses one document or live message: from a string, or from bytes in UTF-8, or in UTF-16 with a byte order mark.
 * After the root, only white space, NUL, comments and processing instructions are allowed.
 *
 * @throws {@link EbuTtError} If the document is rejected, with the code and the position of the fault; in strict mode,
 *   of the first fault.
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
  rejectDoctype(piece, text.charCodeAt(0) === 0xfeff ? 1 : 0);
  const source = new SourceText();
  if (!text.isWellFormed()) {
    source.append(piece);
    const position = source.positionAt(firstLoneSurrogate(text));
    throw new EbuTtError("NotWellFormed", "There is a lone surrogate, which is not a character.", { position });
  }
  const reader = new DocumentReader(source, options);
  const result = reader.write(piece);
  if (result === undefined) throw reader.truncated();
  if (result.item instanceof EbuTtError) throw result.item;
  if (isBlank(text, result.chars)) return result.item;
  rejectDoctype(piece, result.chars);
  const position = source.positionAt(result.chars);
  throw new EbuTtError("NotWellFormed", "Something follows the end of the document.", { position });
}

/**
 * Parses one document, like {@link parse}.
 *
 * @throws {@link EbuTtError} Like {@link parse}; also `NotTtml` for a live message.
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

// Rejects a document type declaration before the parser reads it, because it can be long.
function rejectDoctype(piece: Piece, from: number): void {
  const { at, kind } = skipProlog(piece.text, from);
  if (kind !== "doctype") return;
  const source = new SourceText();
  source.append(piece);
  throw new EbuTtError("DoctypeForbidden", "A document type declaration is not allowed.", {
    position: source.positionAt(at),
  });
}

function isBlank(text: string, from: number): boolean {
  let at = skipProlog(text, from).at;
  while (text.charCodeAt(at) === 0) at = skipProlog(text, at + 1).at;
  return at >= text.length;
}

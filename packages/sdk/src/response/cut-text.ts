/**
 * Returns a text of at most this many bytes in UTF-8. Of a longer one the middle is cut, and how much: what an error is
 * about is at its beginning, what is wrong and the error's code are at its end.
 */
export function cutText(text: string, maxBytes: number): string {
  // No character takes more than three bytes for each of its UTF-16 units.
  if (text.length * 3 <= maxBytes) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  const notice = (cutBytes: number) => ` … (${cutBytes} bytes cut) … `;
  const keptBytes = Math.max(0, maxBytes - Buffer.byteLength(notice(bytes.length)));
  const headEnd = backToStart(bytes, Math.ceil(keptBytes / 2));
  const tailStart = onToStart(bytes, bytes.length - Math.floor(keptBytes / 2));
  const [head, tail] = [bytes.toString("utf8", 0, headEnd), bytes.toString("utf8", tailStart)];
  return `${head}${notice(tailStart - headEnd)}${tail}`;
}

// The bytes of a character after its first one are 10xxxxxx.
const isInside = (byte: number | undefined) => byte !== undefined && (byte & 0xc0) === 0x80;

function backToStart(bytes: Buffer, index: number): number {
  let start = index;
  while (start > 0 && isInside(bytes[start])) start--;
  return start;
}

function onToStart(bytes: Buffer, index: number): number {
  let start = index;
  while (isInside(bytes[start])) start++;
  return start;
}

import fc from "fast-check";
import type { ReadItem, TextReader } from "../../src/text/text-reader.ts";

/** Reads packets with times 40 ms apart. */
export function read<Item>(reader: TextReader<Item>, packets: readonly (string | Uint8Array)[]): ReadItem<Item>[] {
  const items = packets.flatMap((data, index) =>
    reader.push({ data: Buffer.from(data), index, pts: BigInt(index * 3600), timeMs: index * 40, durationMs: 0 }),
  );
  return [...items, ...reader.end()];
}

export const summarize = <Item>(items: readonly ReadItem<Item>[], select: (item: Item) => unknown) =>
  items.map((item) => (item.kind === "item" ? select(item.item) : "error"));

/** Divides a text into packets at any positions. */
export const cut = (text: string, at: readonly number[]): Buffer[] => {
  const bytes = Buffer.from(text);
  const ends = [...new Set(at.map((one) => one % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...ends].map((from, i) => bytes.subarray(from, ends[i] ?? bytes.length));
};
export const cuts = fc.array(fc.nat(), { maxLength: 12 });

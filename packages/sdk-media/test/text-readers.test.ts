import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CueFramer } from "../src/text/cues/cue-framer.ts";
import { toMarkup, toShownText } from "../src/text/cues/cue-markup.ts";
import { writeTime } from "../src/text/cues/cue-time.ts";
import { PacketCues } from "../src/text/cues/packet-cues.ts";
import { EbuTtmlReader } from "../src/text/ebu-ttml/stream-reader.ts";
import { JsonFramer } from "../src/text/json/json-framer.ts";
import type { ReadItem, TextReader } from "../src/text/text-reader.ts";
import { live, message } from "./ebu-ttml-cases.ts";
import { crc32 } from "./mpeg-ts.ts";

/** Reads packets, 40 ms apart. */
function read<Item>(reader: TextReader<Item>, packets: readonly (string | Uint8Array)[]): ReadItem<Item>[] {
  const items = packets.flatMap((data, index) =>
    reader.push({ data: Buffer.from(data), index, pts: BigInt(index * 3600), timeMs: index * 40, durationMs: 0 }),
  );
  return [...items, ...reader.end()];
}

const told = <Item>(items: readonly ReadItem<Item>[], tell: (item: Item) => unknown) =>
  items.map((item) => (item.kind === "item" ? tell(item.item) : "error"));

/** A text in packets that end anywhere. */
const cut = (text: string, at: readonly number[]): Buffer[] => {
  const bytes = Buffer.from(text);
  const ends = [...new Set(at.map((one) => one % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...ends].map((from, i) => bytes.subarray(from, ends[i] ?? bytes.length));
};
const cuts = fc.array(fc.nat(), { maxLength: 12 });

describe("JSON", () => {
  const values = (packets: readonly (string | Uint8Array)[]) =>
    told(read(new JsonFramer(), packets), ({ value }) => value);

  it("comes in documents, however the packets are cut", () => {
    const documents = fc.array(fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()), { maxLength: 5 });
    const padding = fc.constantFrom("", "\n", "\0\0", " \r\n", "\x1e", "\ufeff");
    fc.assert(
      fc.property(documents, padding, cuts, fc.nat(2), (given, between, at, indent) => {
        const text = given.map((value) => between + JSON.stringify(value, null, indent)).join("");
        expect(values(cut(text, at))).toEqual(given.map((value) => JSON.parse(JSON.stringify(value))));
      }),
      { numRuns: 300 },
    );
  });

  it("has the time of the packet in which it began", () => {
    const items = read(new JsonFramer(), ["", '{"a":1}{"b"', ":", "2}"]);
    expect(told(items, ({ timeMs, pts }) => [timeMs, pts])).toEqual([
      [40, 3600n],
      [40, 3600n],
    ]);
  });

  it.each<[what: string, text: string, found: unknown[]]>([
    ["a list", '[{"a":1}]{"b":2}', ["error", { b: 2 }]],
    ["a number", '12 {"b":2}', ["error", { b: 2 }]],
    ["words", 'hello, {"b":2}', ["error", { b: 2 }]],
    ["no JSON in whole brackets", '{"a":tru}{"b":2}', ["error", { b: 2 }]],
    ["one that was cut off behind a comma", '{"a":1,{"b":2}', ["error", { b: 2 }]],
    ["one that was cut off behind a value", '{"a":{"x":1}{"b":2}', ["error", { b: 2 }]],
    ["one that was cut off in a text, by lines", '{"a":"he\n{"b":2}', ["error", { b: 2 }]],
    ["one that was cut off in a text", '{"a":"he{"b":2}{"c":3}', ["error", { c: 3 }]],
    ["a bracket that closes another", '{"a":[1}, "inner":{"x":1}}{"c":3}', ["error", { c: 3 }]],
    ["a comma at the end", '{"a":1,}{"c":3}', ["error", { c: 3 }]],
    ["one that has not ended", '{"b":2}{"a":', [{ b: 2 }, "error"]],
    ["a key of its own", '{"__proto__":{"x":1}}', [JSON.parse('{"__proto__":{"x":1}}')]],
  ])("counts %s, and goes on", (_, text, found) => {
    expect(values([text])).toEqual(found);
    expect(values([...Buffer.from(text)].map((byte) => Uint8Array.of(byte)))).toEqual(found);
  });

  it("refuses bytes that are not UTF-8", () => {
    expect(values([Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), '{"b":2}'])).toEqual(["error", { b: 2 }]);
  });

  it.each<[what: string, bytes: Buffer]>([
    ["brackets", Buffer.alloc(4 << 20, "{")],
    ["lists in lists", Buffer.alloc(4 << 20, "[")],
    ["objects in objects", Buffer.from('{"a":'.repeat(800_000))],
    ["a text without an end", Buffer.concat([Buffer.from('{"a":"'), Buffer.alloc(4 << 20, "x")])],
    ["garbage", Buffer.alloc(4 << 20, "x")],
    ["padding", Buffer.alloc(4 << 20)],
  ])("is bounded in time and errors for %s", (_, bytes) => {
    const framer = new JsonFramer();
    const began = performance.now();
    const items = read(framer, cut(bytes.toString("latin1"), [1 << 20, 2 << 20, 3 << 20]));
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(items.length).toBeLessThanOrEqual(5 * 64);
    expect(values([bytes.subarray(0, 1 << 20), '{"z":1}{"y":2}']).at(-1)).toEqual(
      expect.anything() as unknown as string,
    );
  });
});

describe("WebVTT and SubRip", () => {
  const cues = (kind: "webvtt" | "subrip", packets: readonly (string | Uint8Array)[]) =>
    told(read(new CueFramer(kind), packets), ({ id, startMs, endMs, text, settings, headers }) => ({
      ...(id !== undefined && { id }),
      startMs,
      endMs,
      text,
      ...(settings !== undefined && { settings }),
      ...(headers.length > 0 && { headers }),
    }));

  const file = join(import.meta.dirname, "../../../../shared/cases/protocol/stream_decoders.json");
  it.skipIf(!existsSync(file))("come as the reference frames them", () => {
    const cases = JSON.parse(readFileSync(file, "utf8")) as {
      input: { decoder?: "webvtt"; packets: string[] };
      expected: {
        results: ({ id: number; begin: string; end: string; content: string; headers: string[] }[] | null)[];
      };
    }[];
    const streams = cases.filter(({ input }) => input.decoder !== undefined);
    expect(streams.length).toBeGreaterThan(0);
    for (const { input, expected } of streams) {
      const found = told(read(new CueFramer("webvtt"), input.packets), ({ id, startMs, endMs, text, headers }) => ({
        id: Number(id),
        begin: writeTime(startMs, "."),
        end: writeTime(endMs, "."),
        content: text,
        headers,
      }));
      expect(found).toEqual(expected.results.flatMap((result) => result ?? []));
    }
  });

  const hard = `\ufeffWEBVTT - a title\r\n#one\r\n#two\r\n\r\nNOTE a comment\r\nover lines\r\n\r\nSTYLE\r\n::cue { color: red }\r\n\r
id-1\r\n00:01.000 --> 00:02.500 line:0 align:start\r\n<v Bob>É &amp; <i>b</i> &lt;x&gt;</v>\r\nb\r\nc\r\nd\r\n\r
00:03.000 --> 100:00:04.000\r\nno id\r\n00:05.000 --> 00:06.000\r\nno blank line\r\n}WEBVTT\n\n7\n00:07.000 --> 00:08.000\n\n}\0\0
wrong\n\n00:09.000 --> 00:08.000\nbackwards\n\n00:61.000 --> 00:62.000\nno time\n\n9\n00:09.000 --> 00:10.000\nlast {}`;
  const found = [
    {
      id: "id-1",
      startMs: 1000,
      endMs: 2500,
      text: "É & b <x>\nb\nc\nd",
      settings: "line:0 align:start",
      headers: ["one", "two"],
    },
    { startMs: 3000, endMs: 360_004_000, text: "no id", headers: ["one", "two"] },
    { startMs: 5000, endMs: 6000, text: "no blank line", headers: ["one", "two"] },
    { id: "7", startMs: 7000, endMs: 8000, text: "" },
    "error",
    "error",
    "error",
    { id: "9", startMs: 9000, endMs: 10_000, text: "last {}" },
  ];

  it("come as they are written, however the packets are cut", () => {
    expect(cues("webvtt", [hard])).toEqual(found);
    fc.assert(
      fc.property(cuts, (at) => {
        expect(cues("webvtt", cut(hard, at))).toEqual(found);
      }),
      { numRuns: 300 },
    );
    expect(
      cues(
        "webvtt",
        [...Buffer.from(hard)].map((byte) => Uint8Array.of(byte)),
      ),
    ).toEqual(found);
    expect(cues("webvtt", [hard.replaceAll("\r\n", "\r")])).toEqual(found);
  });

  it("come as soon as they are complete", () => {
    const framer = new CueFramer("webvtt");
    const counts = ["WEBVTT\n\n", "00:01.000 --> 00:02.000\na\n", "\n00:02.000 --> 00:03.000\nb\n", "}"].map(
      (text, index) =>
        framer.push({ data: Buffer.from(text), index, pts: undefined, timeMs: undefined, durationMs: 0 }).length,
    );
    expect(counts).toEqual([0, 0, 1, 1]);
  });

  it("are SubRip's with its tags and without", () => {
    const text = "SUBRIP\n\n1\n00:00:01,000 --> 00:00:02,500\n<i>a</i> <font color=red>b</font> {\\an8}5 < 6 {x}\n\n}";
    expect(cues("subrip", [text, text])).toEqual(
      Array(2).fill({ id: "1", startMs: 1000, endMs: 2500, text: "a b 5 < 6 {x}" }),
    );
  });

  it("show what was to be shown, after they were written", () => {
    const line = fc.stringMatching(/^[^\r\n\0]*[^\s][^\r\n\0]*$/).filter((text) => !text.includes("\u2060"));
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 4 }),
        fc.constantFrom("webvtt", "subrip"),
        (lines, kind) => {
          const text = lines.join("\n");
          const markup = toMarkup(text, kind);
          expect(toShownText(markup, kind)).toBe(text);
          expect(markup).not.toContain("-->");
        },
      ),
      { numRuns: 500 },
    );
    for (const text of ["<i>a</i>", "{\\an8}", "a --> b", "<<i>>", "{{\\}}", "&amp;", "</font>"]) {
      expect(toShownText(toMarkup(text, "subrip"), "subrip")).toBe(text);
      expect(toShownText(toMarkup(text, "webvtt"), "webvtt")).toBe(text);
    }
  });

  it.each<[what: string, text: string]>([
    ["one line", "x".repeat(4 << 20)],
    ["lines without a blank one", "x\n".repeat(2 << 20)],
    ["ends of lines", "\r".repeat(4 << 20)],
    ["wrong blocks", "x\n\n".repeat(1 << 20)],
    ["times", "-->\n".repeat(1 << 20)],
    ["tags", `00:01.000 --> 00:02.000\n${"<".repeat(1 << 19)}\n\n`.repeat(4)],
  ])("are bounded in time and errors for %s", (_, text) => {
    const began = performance.now();
    const packets = [...cut(text, [1 << 20, 2 << 20, 3 << 20]), "\n\n}\n00:01.000 --> 00:02.000\nalive\n\n"];
    const items = cues("webvtt", packets);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(items.filter((item) => item === "error").length).toBeLessThanOrEqual(6 * 64);
    expect(items.at(-1)).toMatchObject({ text: "alive" });
  });

  it("are one a packet in a container, with what has no time counted", () => {
    const reader = new PacketCues("mov_text");
    const packet = (data: Uint8Array, durationMs = 1000, timeMs: number | undefined = 40) =>
      reader.push({ data, index: 0, pts: 1n, timeMs, durationMs });
    const text = (bytes: Buffer) => Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 255), bytes]);
    const shown = (bytes: Buffer, ...times: [number?, number?]) => told(packet(bytes, ...times), (cue) => cue.text);
    expect(shown(text(Buffer.from("<é>\r\nb")))).toEqual(["<é>\nb"]);
    expect(shown(text(Buffer.from("\ufeffé", "utf16le").swap16()))).toEqual(["é"]);
    expect(shown(Buffer.of(0, 0))).toEqual([]);
    expect(shown(Buffer.of())).toEqual([]);
    expect(shown(Buffer.of(0, 9, 0x61))).toEqual(["error"]);
    expect(shown(Buffer.of(9))).toEqual(["error"]);
    expect(shown(text(Buffer.from("a")), 0)).toEqual(["error"]);
    expect(told(packet(text(Buffer.from("a"))), ({ startMs, endMs, pts }) => [startMs, endMs, pts])).toEqual([
      [40, 1040, 1n],
    ]);
  });
});

describe("EBU-TTML", () => {
  const numbers = [1, 2, 3, 4];
  const text = numbers.map((number) => `\0 \n${live({ number, root: 'ebuttm:x="é"' })}${message}`).join("");

  it("comes in documents with the time of the packet in which each began, however they are cut", () => {
    fc.assert(
      fc.property(cuts, (at) => {
        const packets = cut(text, at);
        const starts = packets.map((_, i) => packets.slice(0, i).reduce((sum, { length }) => sum + length, 0));
        const items = read(new EbuTtmlReader({}), packets);
        expect(told(items, ({ sequenceNumber }) => sequenceNumber)).toEqual(numbers);
        const begins = numbers.map((number) => Buffer.from(text).indexOf(live({ number, root: 'ebuttm:x="é"' })));
        const packetOf = (begin: number) => starts.findLastIndex((start) => start <= begin);
        expect(told(items, ({ arrival }) => arrival?.timeMs)).toEqual(begins.map((begin) => 40 * packetOf(begin)));
      }),
      { numRuns: 200 },
    );
  });

  it("takes no document from a packet of DVB TTML that is damaged", () => {
    const dvb = (number: number) => {
      const xml = Buffer.from(live({ number }));
      const bytes = Buffer.concat([Buffer.of(0, 0, 0, 0, 0, 0, 1, 1, xml.length >> 8, xml.length & 255), xml]);
      const crc = Buffer.alloc(4);
      crc.writeUInt32BE(crc32(bytes));
      return Buffer.concat([bytes, crc]);
    };
    const wrong = dvb(2);
    wrong[0] = 1;
    const found = (...packets: Uint8Array[]) =>
      read(new EbuTtmlReader({}), packets).map((item) =>
        item.kind === "item" ? item.item.sequenceNumber : item.message.split(":")[0],
      );
    expect(found(wrong, dvb(1))).toEqual(["BadValue", 1]);
    expect(found(dvb(1), wrong, dvb(3).subarray(0, 300), dvb(4))).toEqual([1, "BadValue", "Truncated", 4]);
  });

  it("says where damage is, by the packets of the stream", () => {
    const damaged = live().replace("<tt:body/>", "<tt:body></x>");
    const [error, document] = read(new EbuTtmlReader({}), [" ", damaged, live()]);
    expect(error).toMatchObject({
      kind: "error",
      packetIndex: 1,
      message: expect.stringMatching(/^NotWellFormed: line 1/),
    });
    const at = error?.kind === "error" ? error.byteOffset : -1;
    expect(damaged.slice(at - 4, at)).toBe("</x>");
    expect(document).toMatchObject({ kind: "item" });
  });

  it("keeps nothing of packets that are behind", async () => {
    const reader = new EbuTtmlReader({});
    const held: WeakRef<object>[] = [];
    for (let index = 0; index < 1000; index++) {
      const packet = { data: Buffer.from(" \0\n"), index, pts: 0n, timeMs: index, durationMs: 0 };
      held.push(new WeakRef(packet));
      expect(reader.push(packet)).toEqual([]);
    }
    // A weak reference lasts until the event loop had its turn.
    await new Promise((resolve) => setImmediate(resolve));
    setFlagsFromString("--expose-gc");
    (runInNewContext("gc") as () => void)();
    expect(held.filter((one) => one.deref() !== undefined).length).toBeLessThan(10);
    const last = read(reader, [live()]);
    expect(last).toHaveLength(1);
    expect(last[0]?.begin.timeMs).toBe(0);
  });
});

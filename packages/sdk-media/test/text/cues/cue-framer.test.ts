import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CueFramer } from "../../../src/text/cues/cue-framer.ts";
import { toMarkup, toShownText } from "../../../src/text/cues/cue-markup.ts";
import { writeTime } from "../../../src/text/cues/cue-time.ts";
import { PacketCues } from "../../../src/text/cues/packet-cues.ts";
import { cut, cuts, read, summarize } from "../../support/read-packets.ts";

describe("the cues of WebVTT and SubRip", () => {
  const cues = (kind: "webvtt" | "subrip", packets: readonly (string | Uint8Array)[]) =>
    summarize(read(new CueFramer(kind), packets), ({ id, startMs, endMs, text, settings, headers }) => ({
      ...(id !== undefined && { id }),
      startMs,
      endMs,
      text,
      ...(settings !== undefined && { settings }),
      ...(headers.length > 0 && { headers }),
    }));

  const file = join(import.meta.dirname, "../../../../../../shared/cases/protocol/stream_decoders.json");
  it("are those of the reference", (context) => {
    if (!existsSync(file)) return context.skip("../shared/cases/protocol/stream_decoders.json does not exist");
    const cases = JSON.parse(readFileSync(file, "utf8")) as {
      input: { decoder?: "webvtt"; packets: string[] };
      expected: {
        results: ({ id: number; begin: string; end: string; content: string; headers: string[] }[] | null)[];
      };
    }[];
    const streams = cases.filter(({ input }) => input.decoder !== undefined);
    expect(streams.length).toBeGreaterThan(0);
    for (const { input, expected } of streams) {
      const found = summarize(
        read(new CueFramer("webvtt"), input.packets),
        ({ id, startMs, endMs, text, headers }) => ({
          id: Number(id),
          begin: writeTime(startMs, "."),
          end: writeTime(endMs, "."),
          content: text,
          headers,
        }),
      );
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

  it("are the same for any division into packets", () => {
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

  it("are delivered as soon as they are complete", () => {
    const framer = new CueFramer("webvtt");
    const counts = ["WEBVTT\n\n", "00:01.000 --> 00:02.000\na\n", "\n00:02.000 --> 00:03.000\nb\n", "}"].map(
      (text, index) =>
        framer.push({ data: Buffer.from(text), index, pts: undefined, timeMs: undefined, durationMs: 0 }).length,
    );
    expect(counts).toEqual([0, 0, 1, 1]);
  });

  it("have the text of SubRip without tags", () => {
    const text = "SUBRIP\n\n1\n00:00:01,000 --> 00:00:02,500\n<i>a</i> <font color=red>b</font> {\\an8}5 < 6 {x}\n\n}";
    expect(cues("subrip", [text, text])).toEqual(
      Array(2).fill({ id: "1", startMs: 1000, endMs: 2500, text: "a b 5 < 6 {x}" }),
    );
  });

  it("show the same text after they are written and read", () => {
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
    ["lines without a blank line", "x\n".repeat(2 << 20)],
    ["line ends", "\r".repeat(4 << 20)],
    ["invalid blocks", "x\n\n".repeat(1 << 20)],
    ["times", "-->\n".repeat(1 << 20)],
    ["tags", `00:01.000 --> 00:02.000\n${"<".repeat(1 << 19)}\n\n`.repeat(4)],
  ])("limit time and errors for %s", (_, text) => {
    const began = performance.now();
    const packets = [...cut(text, [1 << 20, 2 << 20, 3 << 20]), "\n\n}\n00:01.000 --> 00:02.000\nalive\n\n"];
    const items = cues("webvtt", packets);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(items.filter((item) => item === "error").length).toBeLessThanOrEqual(6 * 64);
    expect(items.at(-1)).toMatchObject({ text: "alive" });
  });

  it("are one for each packet of a container, which is damage without a time", () => {
    const reader = new PacketCues("mov_text");
    const packet = (data: Uint8Array, durationMs = 1000, timeMs: number | undefined = 40) =>
      reader.push({ data, index: 0, pts: 1n, timeMs, durationMs });
    const text = (bytes: Buffer) => Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 255), bytes]);
    const shown = (bytes: Buffer, ...times: [number?, number?]) =>
      summarize(packet(bytes, ...times), (cue) => cue.text);
    expect(shown(text(Buffer.from("<é>\r\nb")))).toEqual(["<é>\nb"]);
    expect(shown(text(Buffer.from("\ufeffé", "utf16le").swap16()))).toEqual(["é"]);
    expect(shown(Buffer.of(0, 0))).toEqual([]);
    expect(shown(Buffer.of())).toEqual([]);
    expect(shown(Buffer.of(0, 9, 0x61))).toEqual(["error"]);
    expect(shown(Buffer.of(9))).toEqual(["error"]);
    expect(shown(text(Buffer.from("a")), 0)).toEqual(["error"]);
    expect(summarize(packet(text(Buffer.from("a"))), ({ startMs, endMs, pts }) => [startMs, endMs, pts])).toEqual([
      [40, 1040, 1n],
    ]);
  });
});

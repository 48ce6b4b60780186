import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EbuTtDocument, EbuTtError, Framer, parseDocument } from "../../src/ebu-ttml.ts";
import { type Cue, dataStream, MediaError, type MediaJob } from "../../src/index.ts";
import { Outputs } from "../../src/output/outputs.ts";
import { CueFramer } from "../../src/text/cues/cue-framer.ts";
import { live } from "../support/ebu-ttml-cases.ts";
import { cli, folder, runStreams } from "../support/media.ts";

const outputsAt = (path: string) =>
  new Outputs(path, {
    reconnect: false,
    log: undefined,
    signal: new AbortController().signal,
  });

let files = 0;
const newPath = (extension: string) => join(folder, `text-${++files}.${extension}`);

/** Returns the content of a file after the job that writes it has ended. */
async function written(
  extension: string,
  write: (outputs: Outputs, path: string) => Promise<unknown>,
): Promise<string> {
  const path = newPath(extension);
  const outputs = outputsAt(path);
  await write(outputs, path);
  expect(existsSync(path)).toBe(false);
  expect(await outputs.complete()).toEqual([path]);
  expect(existsSync(`${path}.part`)).toBe(false);
  return readFileSync(path, "utf8");
}

const readBack = (kind: "webvtt" | "subrip", text: string) => {
  const framer = new CueFramer(kind);
  const packet = { data: Buffer.from(text), index: 0, pts: undefined, timeMs: undefined, durationMs: 0 };
  return [...framer.push(packet), ...framer.end()].map((read) => (read.kind === "item" ? read.item : read.message));
};

const cues: Cue[] = [
  { startMs: 0, endMs: 999.6, text: "Tom & <i>Jerry</i>\r\n\r\n00:01 --> 2 {\\an8}", id: "a\nb", settings: "line:0" },
  { startMs: 3_599_999.4, endMs: 360_000_000, text: "É\0", id: "x --> y" },
  { startMs: 3_600_000, endMs: 3_600_000.1, text: "" },
];

describe("a file of cues", () => {
  it("has one header and escaped text in WebVTT", async () => {
    const text = await written("vtt", async (outputs) => {
      for (const cue of cues) await outputs.webvtt().write(cue);
    });
    expect(text).toBe(`WEBVTT

a b
00:00:00.000 --> 00:00:01.000 line:0
Tom &amp; &lt;i&gt;Jerry&lt;/i&gt;
00:01 --&gt; 2 {\\an8}

x  y
00:59:59.999 --> 100:00:00.000
É\ufffd

01:00:00.000 --> 01:00:00.001

`);
    expect(await written("vtt", async (outputs) => outputs.webvtt())).toBe("WEBVTT\n\n");
  });

  it("has numbers in SubRip, and no text that looks like a tag", async () => {
    const text = await written("srt", async (outputs) => {
      for (const cue of cues) await outputs.subrip().write(cue);
    });
    expect(text).toBe(`1
00:00:00,000 --> 00:00:01,000
Tom & <\u2060i>Jerry<\u2060/i>
00:01 --\u2060> 2 {\u2060\\an8}

2
00:59:59,999 --> 100:00:00,000
É\ufffd

3
01:00:00,000 --> 01:00:00,001

`);
  });

  it("is read back unchanged, for any text", async () => {
    const text = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 30 })
      .map((one) => one.replaceAll("\u2060", ""));
    const given = fc.array(fc.record({ text: fc.oneof(text, fc.constantFrom("}", "WEBVTT", "NOTE x", "1")) }), {
      minLength: 1,
      maxLength: 5,
    });
    const shown = (one: string) =>
      one
        .replaceAll("\0", "\ufffd")
        .split(/\r\n|\r|\n/)
        .filter((line) => line.trim() !== "")
        .join("\n");
    await fc.assert(
      fc.asyncProperty(given, fc.constantFrom("webvtt" as const, "subrip" as const), async (some, kind) => {
        // In a stream, a line that begins like this ends the document; in a file it does not.
        const list = some.map((cue, i) => ({
          startMs: i * 1000,
          endMs: i * 1000 + 500,
          text: cue.text.replaceAll("}", ")"),
        }));
        const file = await written(kind, async (outputs) => {
          for (const cue of list) await outputs[kind]().write(cue);
        });
        expect(readBack(kind, file)).toMatchObject(list.map((cue) => ({ ...cue, text: shown(cue.text) })));
      }),
      { numRuns: 100 },
    );
  });

  it.each(["vtt", "srt"])("is read correctly by FFmpeg as %s", async (extension) => {
    const path = newPath(extension);
    const outputs = outputsAt(path);
    const list = ["Tom & Jerry < 3", "É\nzwei", "drei"].map((text, i) => ({
      startMs: 1000 * i,
      endMs: 1000 * i + 900,
      text,
    }));
    const output = extension === "vtt" ? outputs.webvtt() : outputs.subrip();
    for (const cue of list) await output.write(cue);
    await outputs.complete();
    const { stdout } = await cli(
      "ffprobe",
      ..."-v error -show_entries packet=pts_time,duration_time -of csv=p=0".split(" "),
      path,
    );
    expect(stdout.trim().split(/\s+/)).toEqual(["0.000000,0.900000", "1.000000,0.900000", "2.000000,0.900000"]);
    const { stdout: ass } = await cli("ffmpeg", ..."-v error -i".split(" "), path, ..."-f ass -".split(" "));
    expect([...ass.matchAll(/^Dialogue: .*,,0,0,0,,(.*?)\r?$/gm)].map(([, text]) => text)).toEqual([
      "Tom & Jerry < 3",
      "É\\Nzwei",
      "drei",
    ]);
  });

  it.each<[what: string, cue: object, reason: string]>([
    [
      "ends before it begins",
      { startMs: 2000, endMs: 1000, text: "" },
      "expected startMs of at least 0, and endMs after startMs",
    ],
    ["has no length", { startMs: 2000, endMs: 2000, text: "" }, "the cue from 2000 to 2000 ms cannot be written"],
    ["begins before the source", { startMs: -1, endMs: 1000, text: "" }, "expected startMs of at least 0"],
    ["has no number", { startMs: Number.NaN, endMs: 1000, text: "" }, "expected startMs of at least 0"],
    ["never ends", { startMs: 2000, endMs: Number.POSITIVE_INFINITY, text: "" }, "expected startMs of at least 0"],
    ["has no text", { startMs: 2000, endMs: 3000 }, "its text is not a string"],
    [
      "begins before the last one",
      { startMs: 999, endMs: 3000, text: "" },
      "the previous one starts at 1000 ms; write cues in the order",
    ],
  ])("rejects a cue that %s", async (_, cue, reason) => {
    const path = newPath("vtt");
    const outputs = outputsAt(path);
    await outputs.webvtt().write({ startMs: 1000, endMs: 2000, text: "a" });
    const error = await outputs
      .webvtt()
      .write(cue as Cue)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MediaError);
    expect(error).toMatchObject({ code: "OUTPUT_FAILED", message: expect.stringContaining(reason) });
    await outputs.webvtt().write({ startMs: 1000, endMs: 3000, text: "b" });
    await outputs.complete();
    expect(readBack("webvtt", readFileSync(path, "utf8"))).toMatchObject([{ text: "a" }, { text: "b" }]);
  });
});

describe("a file of EBU-TTML", () => {
  const document = (id: string, number?: number): EbuTtDocument =>
    parseDocument(number === undefined ? live({ id }).replace(' ebuttp:sequenceNumber="1"', "") : live({ id, number }));
  const numbersOf = (text: string) =>
    new Framer()
      .push(Buffer.from(text))
      .map((item) => item.kind === "document" && [item.document.sequenceIdentifier, item.document.sequenceNumber]);

  it("adds missing numbers, starts again for another identifier, and keeps other numbers", async () => {
    const text = await written("xml", async (outputs) => {
      const given: [string, number?][] = [
        ["a"],
        ["a"],
        ["a", 1_636_064_848_635],
        ["a"],
        ["b"],
        ["b", 5],
        ["b", 3],
        ["b"],
        ["a"],
      ];
      for (const [id, number] of given) await outputs.ebuTtml().write(document(id, number));
    });
    expect(numbersOf(text)).toEqual([
      ["a", 1],
      ["a", 2],
      ["a", 1_636_064_848_635],
      ["a", 1_636_064_848_636],
      ["b", 1],
      ["b", 5],
      ["b", 3],
      ["b", 6],
      ["a", 1_636_064_848_637],
    ]);
  });

  it("rejects a used number, and continues", async () => {
    const text = await written("xml", async (outputs) => {
      await outputs.ebuTtml().write(document("a", 7));
      const error = await outputs
        .ebuTtml()
        .write(document("a", 7))
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(EbuTtError);
      expect(error).toMatchObject({
        code: "DuplicateNumber",
        message: "Document 7 of the sequence a was already written; give each document its own number.",
      });
      await outputs.ebuTtml().write(document("b", 7));
      await outputs.ebuTtml().write(document("a", 8));
    });
    expect(numbersOf(text)).toEqual([
      ["a", 7],
      ["b", 7],
      ["a", 8],
    ]);
  });

  it("accepts only documents", async () => {
    const outputs = outputsAt(newPath("xml"));
    await expect(outputs.ebuTtml().write("<tt/>" as never)).rejects.toThrow(
      "expected an EbuTtDocument, such as ebuTtmlStream and parseDocument create",
    );
  });
});

describe("an output", () => {
  it("concatenates XML documents", async () => {
    const text = await written("xml", async (outputs) => {
      for (const xml of ["<a/>\n", "<b>\n</b>"]) await outputs.xml().write(xml);
      await expect(outputs.xml().write("  ")).rejects.toThrow('expected a string of XML, got "  "');
    });
    expect(text).toBe("<a/>\n<b>\n</b>\n");
  });

  it("is shared for the same path, and has one format", () => {
    const outputs = outputsAt(newPath("vtt"));
    expect(outputs.webvtt()).toBe(outputs.webvtt());
    expect(() => outputs.subrip()).toThrow(
      "is already written in another format; use a different path for each format",
    );
    expect(() => outputs.webvtt("http://127.0.0.1/fr.vtt")).toThrow("only files and srt:// addresses");
  });

  it("of a failed job keeps its temporary name, which the error contains", async () => {
    const source = newPath("srt");
    writeFileSync(source, "1\n00:00:01,000 --> 00:00:02,000\na\n");
    const [vtt, srt] = [newPath("vtt"), newPath("srt")];
    const write = async (job: MediaJob) => {
      await job.output.webvtt(vtt).write({ startMs: 0, endMs: 1, text: "a" });
      await job.output.subrip(srt).write({ startMs: 0, endMs: 1, text: "b" });
      throw new Error("no more");
    };
    const outcome = await runStreams(source, (format, job) => [
      dataStream(format.first("subtitle"), {}, () => write(job)),
    ]);
    expect(outcome).toMatchObject({
      status: "error",
      destinationPaths: [],
      message: `Error: no more\nThe output that was written before the error is in ${vtt}.part, ${srt}.part`,
    });
    expect(readFileSync(`${vtt}.part`, "utf8")).toBe("WEBVTT\n\n00:00:00.000 --> 00:00:00.001\na\n");
    expect(readFileSync(`${srt}.part`, "utf8")).toBe("1\n00:00:00,000 --> 00:00:00,001\nb\n");
  });
});

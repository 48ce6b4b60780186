import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { type EbuTtDocument, paragraphs, textOf } from "../../src/ebu-ttml.ts";
import {
  type Cue,
  type EbuTtmlStreamOptions,
  ebuTtmlStream,
  jsonStream,
  type StreamCue,
  subripStream,
  webvttStream,
} from "../../src/index.ts";
import { addMemorySource } from "../../src/source/memory-source.ts";
import { live, message } from "../support/ebu-ttml-cases.ts";
import { type CommonParameters, cli, folder, newDestination, runStreams } from "../support/media.ts";
import { crc32, muxPrivateData, type PrivatePacket } from "../support/mpeg-ts.ts";

const seconds = (value: number) => Math.round(value * 90_000);
const ts = (name: string, packets: readonly PrivatePacket[], descriptors?: readonly number[]) => {
  const path = join(folder, name);
  writeFileSync(path, muxPrivateData(packets, descriptors));
  return path;
};
const body = (text: string) => `<tt:body begin="1s"><tt:div><tt:p>${text}</tt:p></tt:div></tt:body>`;
const framesOf = (path: string) => (JSON.parse(readFileSync(path, "utf8")) as { frames: unknown[] }).frames;

/** Adds a source without a container, which FFmpeg reads in packets of 1,024 bytes. */
const raw = (text: string) =>
  addMemorySource({
    format: "data",
    bytes: (async function* () {
      yield Buffer.from(text);
    })(),
  });

/** Reads the documents of a source. */
async function documentsOf(path: string, options: EbuTtmlStreamOptions = {}, parameters: CommonParameters = {}) {
  const documents: EbuTtDocument[] = [];
  const warnings: string[] = [];
  const outcome = await runStreams(
    path,
    (format, job) => {
      job.log.warn = (message) => void warnings.push(message);
      return [ebuTtmlStream(format.first("ebu-ttml"), options, (batch) => void documents.push(...batch))];
    },
    { parameters },
  );
  expect(outcome).toMatchObject({ status: "completed", message: "" });
  return { documents, warnings };
}

describe("EBU-TTML in MPEG-TS", () => {
  it("is read from the first data stream, across packets, with the times of the source", async () => {
    const xml = [1, 2, 3, 4].map((number) => Buffer.from(live({ number, body: body(`É ${number}`) })));
    const [one, two, three, four] = xml as [Buffer, Buffer, Buffer, Buffer];
    const path = ts("split.ts", [
      { data: Buffer.concat([one, Buffer.from(message), two.subarray(0, 300)]), pts: seconds(1.4) },
      { data: two.subarray(300) },
      { data: Buffer.concat([three, four]), pts: seconds(2.9) },
    ]);
    const { documents, warnings } = await documentsOf(path);
    expect(documents.map(({ sequenceNumber, arrival }) => [sequenceNumber, arrival?.pts, arrival?.timeMs])).toEqual([
      [1, 126_000n, 0],
      [2, 126_000n, 0],
      [3, 261_000n, 1500],
      [4, 261_000n, 1500],
    ]);
    expect(documents.map((document) => [...paragraphs(document)].map(textOf))).toEqual(
      [1, 2, 3, 4].map((number) => [`É ${number}`]),
    );
    expect(warnings).toEqual([]);
  });

  it("continues after damage, and logs its position", async () => {
    const path = ts("damaged.ts", [
      { data: Buffer.from(live({ number: 1 })), pts: seconds(1) },
      { data: Buffer.from(live({ number: 2 }).replace("<tt:body/>", "<tt:body></tt:div>")), pts: seconds(2) },
      { data: Buffer.from(`${live({ number: 3 })} garbage`), pts: seconds(3) },
      { data: Buffer.from(live({ number: 4 }).slice(0, 200)), pts: seconds(4) },
    ]);
    const { documents, warnings } = await documentsOf(path);
    expect(documents.map(({ sequenceNumber }) => sequenceNumber)).toEqual([1, 3]);
    expect(warnings).toEqual([
      expect.stringMatching(/^stream 0: damaged in packet 1 \(1 s\), byte \d+: NotWellFormed: line 1, column \d+: /),
      expect.stringMatching(/^stream 0: damaged in packet 2 \(2 s\), byte \d{3}: NotWellFormed: /),
      expect.stringMatching(/^stream 0: damaged in packet 3 \(3 s\), byte 200: Truncated: /),
      "stream 0: 3 damaged packets or frames; the others were decoded",
    ]);
  });

  it("is read strictly with mode strict", async () => {
    const xml = live().replace(' xml:lang="fr"', "");
    const path = ts("strict.ts", [{ data: Buffer.from(xml + live({ number: 2 })), pts: seconds(1) }]);
    const { documents, warnings } = await documentsOf(path, { mode: "strict" });
    expect(documents.map(({ sequenceNumber }) => sequenceNumber)).toEqual([2]);
    expect(warnings[0]).toContain("MissingAttribute");
    const lenient = await documentsOf(path);
    expect(lenient.documents.map(({ warnings: faults }) => faults.length)).toEqual([1, 0]);
  });

  it("includes DVB TTML, decompressed, with the offset of its times", async () => {
    const dvb = (mediaTimeMs: number, ...documents: string[]) => {
      const head = Buffer.alloc(7);
      head.writeUIntBE(mediaTimeMs * 10, 0, 6);
      head[6] = documents.length;
      const segments = documents.map((xml, i) => {
        const bytes = i % 2 === 0 ? gzipSync(xml) : Buffer.from(xml);
        return Buffer.concat([Buffer.of(i % 2 === 0 ? 2 : 1, bytes.length >> 8, bytes.length & 255), bytes]);
      });
      const bytes = Buffer.concat([head, ...segments]);
      const crc = Buffer.alloc(4);
      crc.writeUInt32BE(crc32(bytes));
      return Buffer.concat([bytes, crc]);
    };
    const path = ts(
      "dvb.ts",
      [
        { data: dvb(3_600_000, live({ number: 1 }), live({ number: 2 })), pts: seconds(10) },
        { data: dvb(3_602_000, live({ number: 3 })), pts: seconds(12) },
      ],
      [0x7f, 2, 0x20, 0],
    );
    const { documents } = await documentsOf(path);
    expect(
      documents.map(({ sequenceNumber, arrival }) => [sequenceNumber, arrival?.timeMs, arrival?.offsetMs]),
    ).toEqual([
      [1, 0, -3_600_000],
      [2, 0, -3_600_000],
      [3, 2000, -3_600_000],
    ]);
  });

  it("includes only documents that begin within the segment", async () => {
    const packets = [0, 1, 2, 3, 4].flatMap((number) => {
      const data = Buffer.from(live({ number: number + 1, body: body("x".repeat(3000)) }));
      return [{ data: data.subarray(0, 2000), pts: seconds(1 + number) }, { data: data.subarray(2000) }];
    });
    const path = ts("segment.ts", packets);
    const numbers = async (parameters: CommonParameters) => {
      const { documents, warnings } = await documentsOf(path, {}, parameters);
      expect(warnings).toEqual([]);
      return documents.map(({ sequenceNumber }) => sequenceNumber);
    };
    expect(await numbers({})).toEqual([1, 2, 3, 4, 5]);
    expect(await numbers({ sdk_start_index: 1000 })).toEqual([2, 3, 4, 5]);
    expect(await numbers({ sdk_start_index: 1500, sdk_stop_index: 3001 })).toEqual([3, 4]);
    expect(await numbers({ sdk_stop_index: 3000 })).toEqual([1, 2, 3]);
  });
});

describe("EBU-TTML in other containers", () => {
  it("is read from stpp in MP4, before any data stream", async () => {
    const subtitles = join(folder, "two.srt");
    writeFileSync(subtitles, "1\n00:00:01,000 --> 00:00:02,000\nÉ\n\n2\n00:00:03,000 --> 00:00:04,000\nzwei\n");
    const path = join(folder, "stpp.mp4");
    await cli(
      "ffmpeg",
      ..."-v error -y -f lavfi -i testsrc2=size=64x48:rate=25:d=5 -i".split(" "),
      subtitles,
      ..."-map 0 -map 1 -c:v mpeg4 -c:s ttml".split(" "),
      path,
    );
    const { documents } = await documentsOf(path);
    expect(documents.flatMap((document) => [...paragraphs(document)].map(textOf))).toEqual(["É", "zwei"]);
    expect(documents[0]?.arrival).toEqual({ pts: 0n, timeMs: 0, offsetMs: 0 });
  });

  it("is read from XML without a container, in packets of 1,024 bytes", async () => {
    const numbers = Array.from({ length: 20 }, (_, i) => i + 1);
    const path = raw(numbers.map((number) => live({ number, body: body("é".repeat(50 * number)) })).join("\n"));
    const { documents } = await documentsOf(path, {}, { sdk_start_index: 1000 });
    expect(documents.map(({ sequenceNumber }) => sequenceNumber)).toEqual(numbers);
    expect(documents[0]?.arrival).toEqual({ pts: undefined, timeMs: undefined, offsetMs: undefined });
  });

  it("fails with a named error if there is none, or if the stream is not EBU-TTML", async () => {
    const path = join(folder, "picture.mp4");
    await cli("ffmpeg", ..."-v error -y -f lavfi -i testsrc2=size=64x48:d=1 -c:v mpeg4".split(" "), path);
    const missing = await runStreams(path, (format) => [ebuTtmlStream(format.first("ebu-ttml"), {}, () => 1)]);
    expect(missing).toMatchObject({
      status: "error",
      message: expect.stringContaining("the source has no ttml or data stream; its streams are: #0 video (mpeg4)"),
    });
    const wrong = await runStreams(path, (format) => [ebuTtmlStream(format.first("video"), {}, () => 1)]);
    expect(wrong.message).toContain("ebuTtmlStream: expected a data or subtitle");
    const zero = await runStreams(raw(live()), (f) => [ebuTtmlStream(f.first("data"), { concurrency: 0 }, () => 1)]);
    expect(zero.message).toContain("ebuTtmlStream: concurrency: expected a whole number from 1, got 0");
  });
});

describe("JSON", () => {
  it("is read in documents across packets, and the results of handlers are written to the destination", async () => {
    const destination = newDestination();
    const warnings: string[] = [];
    const path = ts("json.ts", [
      { data: Buffer.from('{"a":1}{"b":'), pts: seconds(1) },
      { data: Buffer.from('{"c":[]}}[1]'), pts: seconds(2) },
      { data: Buffer.from('\n{"d":"}{"}'), pts: seconds(3) },
    ]);
    const outcome = await runStreams(
      path,
      (format, job) => {
        job.log.warn = (message) => void warnings.push(message);
        return [jsonStream(format.first("data"), {}, ([document]) => [document?.timeMs, document?.value])];
      },
      { destination },
    );
    expect(outcome).toMatchObject({ status: "completed", message: "" });
    expect(framesOf(destination)).toEqual([
      [0, { a: 1 }],
      [0, { b: { c: [] } }],
      [2000, { d: "}{" }],
    ]);
    expect(warnings).toEqual([
      "stream 0: damaged in packet 1 (1 s), byte 9: the document is an array, expected an object",
      "stream 0: 1 damaged packets or frames; the others were decoded",
    ]);
  });

  it("logs damage at most a hundred times, and counts it", async () => {
    const path = ts(
      "hostile.ts",
      Array.from({ length: 200 }, (_, i) => ({ data: Buffer.from("[1]"), pts: seconds(i + 1) })),
    );
    const warnings: string[] = [];
    await runStreams(path, (format, job) => {
      job.log.warn = (message) => void warnings.push(message);
      return [jsonStream(format.first("data"), {}, () => 1)];
    });
    expect(warnings).toHaveLength(101);
    expect(warnings[99]).toContain("further damage is counted but not logged");
    expect(warnings[100]).toMatch(/^stream 0: 200 damaged/);
  });
});

describe("WebVTT and SubRip", () => {
  const expected = [
    { startMs: 1000, endMs: 2500, text: "Hé & x\nsecond" },
    { startMs: 3000, endMs: 4000, text: "zwei" },
  ];
  const files: Record<string, string> = {};
  beforeAll(async () => {
    const subtitles = join(folder, "source.srt");
    writeFileSync(
      subtitles,
      "1\n00:00:01,000 --> 00:00:02,500\n<i>Hé</i> & x\nsecond\n\n2\n00:00:03,000 --> 00:00:04,000\nzwei\n",
    );
    const make = async (name: string, codec: string, ...options: string[]) => {
      files[name] = join(folder, name);
      await cli(
        "ffmpeg",
        ..."-v error -y -f lavfi -i testsrc2=size=64x48:rate=25:d=6 -i".split(" "),
        subtitles,
        ..."-map 0 -map 1 -c:v mpeg4 -c:s".split(" "),
        codec,
        ...options,
        files[name] as string,
      );
    };
    await make("mov_text.mp4", "mov_text");
    await make("late.mp4", "mov_text", "-output_ts_offset", "1.5");
    await make("subrip.mkv", "subrip");
    await make("webvtt.mkv", "webvtt");
    files["plain.srt"] = subtitles;
    files["plain.vtt"] = join(folder, "plain.vtt");
    writeFileSync(
      files["plain.vtt"],
      "WEBVTT\n\nid-1\n00:01.000 --> 00:02.500 line:0\n<i>Hé</i> &amp; x\nsecond\n\n00:03.000 --> 00:04.000\nzwei\n",
    );
  });

  const cuesOf = async (path: string, parameters: CommonParameters = {}) => {
    const cues: StreamCue[] = [];
    const outcome = await runStreams(
      path,
      (format) => [webvttStream(format.first("subtitle"), {}, (batch) => void cues.push(...batch))],
      { parameters },
    );
    expect(outcome).toMatchObject({ status: "completed", message: "" });
    return cues;
  };

  it.each(["mov_text.mp4", "late.mp4", "subrip.mkv", "webvtt.mkv", "plain.srt", "plain.vtt"])(
    "are read from %s, one cue for each packet, with the times of the source",
    async (name) => {
      const cues = await cuesOf(files[name] as string);
      expect(cues.map(({ startMs, endMs, text }) => ({ startMs, endMs, text }))).toEqual(expected);
      expect(cues[0]?.markup).toBe(
        { vtt: "<i>Hé</i> &amp; x\nsecond", mp4: "Hé & x\nsecond" }[name.slice(-3)] ?? "<i>Hé</i> & x\nsecond",
      );
    },
  );

  it("keep the identifier and settings of WebVTT", async () => {
    const cues = await cuesOf(files["plain.vtt"] as string);
    expect(cues.map(({ id, settings }) => [id, settings])).toEqual([
      ["id-1", "line:0"],
      [undefined, undefined],
    ]);
  });

  it("are those that begin within the segment", async () => {
    for (const name of ["mov_text.mp4", "webvtt.mkv", "plain.srt"]) {
      const path = files[name] as string;
      const texts = async (parameters: CommonParameters) =>
        (await cuesOf(path, parameters)).map(({ startMs }) => startMs);
      expect(await texts({ sdk_start_index: 1000, sdk_stop_index: 3000 })).toEqual([1000]);
      expect(await texts({ sdk_start_index: 1001, sdk_stop_index: 3001 })).toEqual([3000]);
      expect(await texts({ sdk_start_index: 3001 })).toEqual([]);
    }
  });

  it("are read from a data stream as the reference does", async () => {
    const cues: Cue[] = [];
    const text = "SUBRIP\n\n1\n00:00:01,000 --> 00:00:02,500\nun\n\n2\n00:00:03,000 --> 00:00:04,000\ndeux\n\n}";
    const outcome = await runStreams(raw(text.repeat(50)), (format) => [
      subripStream(format.first("data"), { batchSize: 30 }, (batch) => void cues.push(...batch)),
    ]);
    expect(outcome).toMatchObject({ status: "completed", message: "" });
    expect(cues.map((cue) => cue.text)).toEqual(Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? "un" : "deux")));
  });

  it("are not read from other kinds of subtitles", async () => {
    const path = join(folder, "stpp.mp4");
    const outcome = await runStreams(path, (format) => [webvttStream(format.first("subtitle"), {}, () => 1)]);
    expect(outcome.message).toContain(
      "expected a data stream, or subtitles of webvtt, subrip, mov_text, text; stream 1 is ttml",
    );
  });
});

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ffmpeg } from "../../src/ffmpeg.ts";
import { type DataPacket, dataStream, videoStream } from "../../src/index.ts";
import { Source } from "../../src/source/source.ts";
import { allStreams, folder, makeMedia, media, runStreams } from "../support/media.ts";

const video = (seconds: number) => `-f lavfi -i testsrc2=size=160x90:rate=25:duration=${seconds}`;
const audio = (seconds: number) => `-f lavfi -i sine=440:r=48000:d=${seconds}`;
const x264 = "-c:v libx264 -preset veryfast -pix_fmt yuv420p -bf 3";

describe("several streams", () => {
  it("are decoded together, each in order, as they are interleaved in the source", async () => {
    const maps = "-map 0 -map 1 -map 1 -map 0";
    const path = await makeMedia(
      "many.mkv",
      `${video(2)} ${audio(2)} ${maps} ${x264} -c:a flac -cluster_time_limit 100`,
    );
    const seen: [index: number, timeMs: number][] = [];
    const outcome = await runStreams(path, (format) =>
      allStreams(format, (index, timeMs = Number.NaN) => seen.push([index, timeMs])),
    );
    expect(outcome).toMatchObject({ status: "completed", message: "" });
    const of = (index: number) => seen.filter(([one]) => one === index).map(([, timeMs]) => timeMs);
    for (const index of [0, 3]) expect(of(index)).toEqual(Array.from({ length: 50 }, (_, i) => i * 40));
    for (const index of [1, 2]) {
      const times = of(index);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(times.length).toBeGreaterThan(15);
    }
    // No stream is far ahead of the others, except for the delay of codecs and the file.
    let latest = 0;
    for (const [, timeMs] of seen) {
      expect(latest - timeMs).toBeLessThan(1000);
      latest = Math.max(latest, timeMs);
    }
  });

  it.each(["many.mkv", "many.ts", "many.mp4", "many.mov"])(
    "are not read from %s if no handler takes them",
    async (name) => {
      const maps = "-map 0 -map 1 -map 1 -map 0";
      const path = await makeMedia(name, `${video(20)} ${audio(20)} ${maps} ${x264} -c:a aac`);
      const srt = { reconnect: false, log: undefined };
      const opened = await Source.open(path, new AbortController().signal, srt);
      const packet = new (ffmpeg().Packet)();
      packet.alloc();
      const counts = new Map<number, number>();
      try {
        opened.select(new Set([2]));
        while (await opened.read(packet, new AbortController().signal)) {
          counts.set(packet.streamIndex, (counts.get(packet.streamIndex) ?? 0) + 1);
          packet.unref();
        }
      } finally {
        packet.free();
        await opened.close();
      }
      // Packets that were read to open the source still arrive, the rest does not: there are 500 frames, and as much audio again.
      expect(counts.get(2)).toBeGreaterThan(900);
      for (const index of [0, 1, 3]) expect(counts.get(index) ?? 0).toBeLessThan(250);
    },
  );

  it("can change their frame size", async () => {
    const large = await makeMedia("large.ts", `${video(1)} ${x264}`);
    const small = await makeMedia("small.ts", `${video(1)} -vf scale=80:46 -output_ts_offset 1 ${x264}`);
    const path = join(folder, "both.ts");
    writeFileSync(path, Buffer.concat([readFileSync(large), readFileSync(small)]));
    const sizes: string[] = [];
    const scaled: string[] = [];
    const take = (into: string[], options: object) =>
      runStreams(path, (format) => [
        videoStream(format.first("video"), options, ([frame]) => {
          into.push(`${frame?.width}x${frame?.height} ${frame?.packed().length}`);
        }),
      ]);
    expect((await take(sizes, {})).message).toBe("");
    expect(sizes).toEqual([...Array(25).fill("160x90 21600"), ...Array(25).fill("80x46 5520")]);
    expect((await take(scaled, { width: 32, height: 24, pixelFormat: "rgb24" })).message).toBe("");
    expect(scaled).toEqual(Array(50).fill("32x24 2304"));
  });
});

it.skipIf(process.platform !== "linux")("decodes with as many threads as the job may use", async () => {
  const path = await media("h264-b.mp4");
  const countThreads = async (threads: number) => {
    let maxThreads = 0;
    const outcome = await runStreams(
      path,
      (format) => [
        videoStream(format.first("video"), {}, () => {
          maxThreads = Math.max(maxThreads, readdirSync("/proc/self/task").length);
        }),
      ],
      { run: { environment: { MCAI_THREADS: String(threads) } } },
    );
    expect(outcome.status).toBe("completed");
    return maxThreads;
  };
  const [one, five] = [await countThreads(1), await countThreads(5)];
  // A single decoding thread is the calling one; with five there are five more.
  expect(five - one).toBe(5);
});

describe("packets of a data stream", () => {
  const texts = ["Ah.", "Où êtes-vous ?", "Here, and here.", "Good."];
  const two = (value: number) => String(value).padStart(2, "0");
  const subtitles = texts
    .map((text, i) => `${i + 1}\n00:00:${two(i)},500 --> 00:00:${two(i)},900\n${text}\n`)
    .join("\n");

  async function takePackets(batchSize: number, parameters: object = {}) {
    const srt = join(folder, "texts.srt");
    writeFileSync(srt, subtitles);
    const path = await makeMedia("texts.mkv", `${video(4)} -i ${srt} -map 0 -map 1 ${x264} -c:s srt`);
    const batches: DataPacket[][] = [];
    const outcome = await runStreams(
      path,
      (format) => [dataStream(format.first("subtitle"), { batchSize }, (packets) => void batches.push(packets))],
      { parameters },
    );
    expect(outcome).toMatchObject({ status: "completed", message: "" });
    return batches;
  }
  const seen = (batches: DataPacket[][]) =>
    batches.map((batch) => batch.map(({ data, pts, timeMs }) => [Buffer.from(data).toString(), pts, timeMs]));
  const expected = texts.map((text, i) => [text, BigInt(1000 * i + 500), 1000 * i + 500]);

  it("have their bytes and times, in batches, including the last", async () => {
    expect(seen(await takePackets(1))).toEqual(expected.map((packet) => [packet]));
    expect(seen(await takePackets(3))).toEqual([expected.slice(0, 3), expected.slice(3)]);
  });

  it("of a part of the source are those that begin in it", async () => {
    expect(seen(await takePackets(1, { sdk_start_index: 1500, sdk_stop_index: 3500 }))).toEqual([
      ...[[expected[1]], [expected[2]]],
    ]);
  });
});

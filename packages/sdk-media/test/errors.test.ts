import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeCases } from "../../sdk/test/support/cases.ts";
import {
  audioStream,
  cropTo,
  dataStream,
  type Filter,
  type FormatContext,
  pcmStream,
  type RegionOfInterest,
  type StreamDescriptor,
  videoStream,
} from "../src/index.ts";
import { toVideoChain } from "../src/streams/filters.ts";
import { toCropArea } from "../src/streams/region-of-interest.ts";
import { folder, media, runMedia, runStreams } from "./media.ts";

const ignore = () => undefined;
const firstVideo = (format: FormatContext) => [videoStream(format.first("video"), {}, ignore)];

const write = (name: string, content: string | Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe("a source that is none", () => {
  it.each<[what: string, make: () => string | Promise<string>, message: RegExp]>([
    ["a missing file", () => join(folder, "no.mp4"), /no\.mp4 does not exist/],
    ["a missing folder", () => join(folder, "no", "no.mp4"), /does not exist/],
    ["a file where a folder should be", () => join(write("file", "x"), "a.mp4"), /does not exist/],
    ["a folder", () => folder, /is a folder; expected a media file/],
    ["an empty file", () => write("empty.mp4", ""), /empty\.mp4 is empty/],
    ["a text", () => write("text.mp4", "This is no media.\n".repeat(500)), /no media that FFmpeg knows/],
    ["zeros", () => write("zeros.mp4", new Uint8Array(10_000)), /no media that FFmpeg knows/],
    [
      "an MP4 that is cut off",
      async () => write("cut.mp4", readFileSync(await media("h264-b.mp4")).subarray(0, 5000)),
      /no media that FFmpeg knows, or it is cut off/,
    ],
    ["an unknown protocol", () => "nonsense://example/a.mp4", /cannot be opened: Protocol not found/],
  ])("%s", async (_, make, message) => {
    const outcome = await runStreams(await make(), firstVideo);
    expect(outcome).toMatchObject({ status: "error", destinationPaths: [] });
    expect(outcome.message).toMatch(message);
  });

  it("decodes what is there of a TS that is cut off", async () => {
    const whole = readFileSync(await media("h264-b.ts"));
    const run = await runMedia(write("cut.ts", whole.subarray(0, whole.length / 2)), { video: {} });
    expect(run.count).toBeGreaterThan(5);
    expect(run.count).toBeLessThan(50);
  });
});

describe("streams that cannot be", () => {
  it.each<[what: string, streams: (format: FormatContext) => unknown, message: RegExp]>([
    ["a kind that is not there", (f) => [dataStream(f.first("data"), {}, ignore)], /no data stream; it has 0 video/],
    [
      "sound as pictures",
      (f) => [videoStream(f.first("audio"), {}, ignore)],
      /expected a video stream, stream 1 is audio/,
    ],
    [
      "pictures as sound",
      (f) => [audioStream(f.first("video"), {}, ignore)],
      /expected a audio stream, stream 0 is video/,
    ],
    [
      "pictures as windows",
      (f) => [pcmStream(f.first("video"), { sampleRate: 16_000, windowMs: 10 }, ignore)],
      /pcmStream: expected a audio stream, stream 0 is video/,
    ],
    [
      "a window that is no longer than its overlap",
      (f) => [pcmStream(f.first("audio"), { sampleRate: 16_000, windowMs: 10, overlapMs: 10 }, ignore)],
      /window longer than its overlap/,
    ],
    ["pictures as data", (f) => [dataStream(f.first("video"), {}, ignore)], /dataStream: expected a data or subtitle/],
    ["the same stream twice", (f) => [...firstVideo(f), ...firstVideo(f)], /stream 0 is asked for twice/],
    ["none at all", () => [], /expected at least one stream/],
    ["no list", () => undefined, /expected at least one stream/],
    ["something else", () => [{}], /each of streams is made by/],
  ])("%s", async (_, streams, message) => {
    const outcome = await runStreams(await media("long12.mp4"), (f) => streams(f) as StreamDescriptor[]);
    expect(outcome.status).toBe("error");
    expect(outcome.message).toMatch(message);
  });
});

describe("filters that FFmpeg refuses", () => {
  it.each<[what: string, filter: Filter, message: RegExp]>([
    ["an unknown filter", { name: "no_such" }, /refused the filters "no_such": .*No such filter: 'no_such'/s],
    ["an unknown option", { name: "yadif", parameters: { nope: 1 } }, /Could not set non-existent option 'nope'/],
    ["a wrong value", { name: "yadif", parameters: { mode: "sideways" } }, /sideways/],
    [
      "a size that cannot be",
      { name: "crop", parameters: { w: 10_000, h: 10 } },
      /Invalid too big or non positive size/,
    ],
    ["sound for pictures", { name: "atempo" }, /atempo/],
    ["two outputs", { name: "split" }, /refused the filters "split"/],
  ])("%s", async (_, filter, message) => {
    const path = await media("h264-b.mp4");
    const outcome = await runStreams(path, (f) => [videoStream(f.first("video"), { filters: [filter] }, ignore)]);
    expect(outcome.status).toBe("error");
    expect(outcome.message).toMatch(message);
  });

  it("passes values with FFmpeg's own signs on as they are", async () => {
    const filters = [{ name: "metadata", parameters: { mode: "add", key: "a", value: "it's: [a], b; \\c" } }];
    expect((await runMedia(await media("h264-b.mp4"), { video: { filters } })).count).toBe(50);
  });
});

type Region = { image: { width: number; height: number }; roi: RegionOfInterest };
describeCases<Partial<Region> & { scaling?: { width: number | null; height: number | null } }, Record<string, unknown>>(
  "region_of_interest_filters.json",
  ({ input, expected }) => {
    if (input.scaling) {
      const { width, height } = input.scaling;
      const options = { ...(width !== null && { width }), ...(height !== null && { height }) };
      const [scale] = toVideoChain(options, { width: 1, height: 1 });
      expect(scale).toBe(`scale=width=${expected.width}:height=${expected.height}`);
      return;
    }
    const { image, roi } = input as Region;
    const { error } = expected as { error?: { prefix: string } };
    if (error) expect(() => toCropArea(roi, image)).toThrow(error.prefix);
    else expect(toCropArea(roi, image)).toEqual(expected);
  },
  ({ input }) => input.scaling !== undefined || input.roi !== undefined,
);

describe("regions", () => {
  const t = 10;
  it.each<[RegionOfInterest, [top: number, left: number, width: number, height: number]]>([
    [{ top: t, left: 20, right: 30, bottom: 40 }, [10, 20, 110, 40]],
    [{ top: t, left: 20, width: 30, height: 40 }, [10, 20, 30, 40]],
    [{ top: t, left: 20, width: 30, bottom: 40 }, [10, 20, 30, 40]],
    [{ top: t, left: 20, right: 30, height: 40 }, [10, 20, 110, 40]],
    [{ left: 20, bottom: 30, width: 40, height: 50 }, [10, 20, 40, 50]],
    [{ top: t, right: 20, width: 30, height: 40 }, [10, 110, 30, 40]],
    [{ right: 20, bottom: 30, width: 40, height: 50 }, [10, 100, 40, 50]],
  ])("%o", (region, [top, left, width, height]) => {
    expect(toCropArea(region, { width: 160, height: 90 })).toEqual({ top, left, width, height });
  });

  const keys = ["top", "left", "right", "bottom", "width", "height"] as const;
  const valid = ["tlrb", "tlwh", "tlwb", "tlrh", "lbwh", "trwh", "rbwh"].map((form) => [...form].sort().join(""));
  const others = Array.from({ length: 64 }, (_, bits) => keys.filter((_, i) => bits & (1 << i)));
  it.each(
    others.filter(
      (given) =>
        !valid.includes(
          given
            .map((key) => key[0])
            .sort()
            .join(""),
        ),
    ),
  )("no other: %s %s %s %s %s %s", (...given) => {
    const region = Object.fromEntries(given.filter(Boolean).map((key) => [key, 10]));
    expect(() => toCropArea(region, { width: 160, height: 90 })).toThrow("Cannot compute coordinates");
  });

  it.each<[RegionOfInterest]>([
    [{ top: 0, left: 0, width: 161, height: 10 }],
    [{ top: 0, left: 0, width: 10, height: 0 }],
    [{ top: 50, left: 0, right: 0, bottom: 40 }],
    [{ top: -1, left: 0, width: 10, height: 10 }],
    [{ top: 0.5, left: 0, width: 10, height: 10 }],
    [{ top: Number.NaN, left: 0, width: 10, height: 10 }],
  ])("not %o", async (region) => {
    const path = await media("h264-b.mp4");
    const outcome = await runStreams(path, (f) => [videoStream(f.first("video"), cropTo(region), ignore)]);
    expect(outcome).toMatchObject({ status: "error", message: expect.stringContaining("Cannot compute coordinates") });
  });
});

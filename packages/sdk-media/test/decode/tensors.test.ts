import { Type } from "@mcai/worker-sdk";
import { describe, expect, it } from "vitest";
import {
  type AudioFrame,
  audioStream,
  defineMediaWorker,
  type TensorOptions,
  type VideoFrame,
  videoStream,
} from "../../src/index.ts";
import { source, startMediaJob } from "../../src/testing.ts";

const width = 7;
const height = 5;
const filters = [{ name: "format", parameters: { pix_fmts: "bgr24" } }];
const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 37 + 11) % 256);

/** Examines the only frame, in a pixel format. */
async function withFrame(pixelFormat: string, check: (frame: VideoFrame) => void): Promise<void> {
  const worker = defineMediaWorker({
    parameters: Type.Object({}),
    initProcess: (format) => ({
      // Converted twice, because FFmpeg pads the lines of frames that it converts.
      streams: [
        videoStream(format.first("video"), { filters, pixelFormat }, ([frame]) => void check(frame as VideoFrame)),
      ],
    }),
  });
  const outcome = await startMediaJob(worker, { source: source.rgb24([pixels], { width, height }) }).result;
  expect(outcome).toMatchObject({ status: "completed", message: "" });
}

// The definition: (byte × scale − mean) ÷ std, for one number after the other.
function compute(bytes: Uint8Array, pixelBytes: number, channels: number, options: TensorOptions): number[] {
  const { layout = "nchw", scale = 1 / 255, mean = [], std = [] } = options;
  const numbers: number[] = [];
  const add = (x: number, y: number, channel: number) => {
    const byte = bytes[(y * width + x) * pixelBytes + channel] as number;
    numbers.push(Math.fround((byte * scale - (mean[channel] ?? 0)) / (std[channel] ?? 1)));
  };
  const each = (size: number, work: (i: number) => void) => {
    for (let i = 0; i < size; i++) work(i);
  };
  if (layout === "nchw") each(channels, (c) => each(height, (y) => each(width, (x) => add(x, y, c))));
  else each(height, (y) => each(width, (x) => each(channels, (c) => add(x, y, c))));
  return numbers;
}

const imageNet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const formats = [
  ["rgb24", 3, 3],
  ["bgr24", 3, 3],
  ["rgba", 4, 3],
  ["bgra", 4, 3],
  ["gray", 1, 1],
] as const;

describe.each(formats)("the tensor of %s", (pixelFormat, pixelBytes, channels) => {
  it.each<TensorOptions>([{}, { layout: "nhwc" }, { scale: 1 }, imageNet, { layout: "nhwc", scale: 2, ...imageNet }])(
    "has the defined values with %o",
    (options) =>
      withFrame(pixelFormat, (frame) => {
        const bytes = frame.packed();
        // The lines are padded, and the tensor must skip the padding.
        expect(frame.lineSizesBytes[0]).toBeGreaterThan(width * pixelBytes);
        const expected = compute(bytes, pixelBytes, channels, options);
        expect([...frame.tensor(options)]).toEqual(expected);
        const into = new Float32Array(expected.length + 2);
        expect(frame.tensor({ ...options, into })).toBe(into);
        expect([...into]).toEqual([...expected, 0, 0]);
        expect(() => frame.tensor({ ...options, into: new Float32Array(expected.length - 1) })).toThrow(RangeError);
      }),
  );
});

describe("a frame", () => {
  it("has the bytes of its source", () => withFrame("rgb24", (frame) => expect(frame.packed()).toEqual(pixels)));

  it("has no tensor in any other pixel format", () =>
    withFrame("yuv420p", (frame) =>
      expect(() => frame.tensor()).toThrow(/expected a frame of rgb24, bgr24, rgba, bgra, gray, got yuv420p/),
    ));
});

/** Examines audio of 16 channels with different values, in a sample format. */
async function withAudio(sampleFormat: string, check: (frame: AudioFrame) => void): Promise<void> {
  const samples = Int16Array.from({ length: 1600 * 16 }, (_, i) => (i % 16) * 1000 + (Math.floor(i / 16) % 7));
  const worker = defineMediaWorker({
    parameters: Type.Object({}),
    initProcess: (format) => ({
      streams: [audioStream(format.first("audio"), { sampleFormat }, ([frame]) => void check(frame as AudioFrame))],
    }),
  });
  const outcome = await startMediaJob(worker, { source: source.pcm(samples, 16_000, 16) }).result;
  expect(outcome).toMatchObject({ status: "completed", message: "" });
}

describe("samples of 16 channels", () => {
  // The value of a 16-bit sample in each format.
  it.each<[format: string, type: object, of: (sample: number) => number]>([
    ["s16", Int16Array, (sample) => sample],
    ["s16p", Int16Array, (sample) => sample],
    ["s32", Int32Array, (sample) => sample * 65_536],
    ["s32p", Int32Array, (sample) => sample * 65_536],
    ["flt", Float32Array, (sample) => Math.fround(sample / 32_768)],
    ["fltp", Float32Array, (sample) => Math.fround(sample / 32_768)],
    ["dbl", Float64Array, (sample) => sample / 32_768],
    ["dblp", Float64Array, (sample) => sample / 32_768],
    ["u8", Uint8Array, (sample) => (sample >> 8) + 128],
    ["u8p", Uint8Array, (sample) => (sample >> 8) + 128],
  ])("have the values of their source in %s", async (format, type, of) => {
    let position = 0;
    await withAudio(format, (frame) => {
      expect(frame).toMatchObject({ sampleFormat: format, channels: 16, sampleRate: 16_000 });
      const all = frame.samples();
      expect(all).toBeInstanceOf(type);
      const expected = Array.from({ length: frame.sampleCount * 16 }, (_, i) =>
        of((i % 16) * 1000 + ((position + Math.floor(i / 16)) % 7)),
      );
      expect([...all]).toEqual(expected);
      for (const channel of [0, 7, 8, 15])
        expect([...frame.samples(channel)]).toEqual(expected.filter((_, i) => i % 16 === channel));
      position += frame.sampleCount;
    });
    expect(position).toBe(1600);
  });

  it.each([-1, 16, 0.5, Number.NaN])("cannot be read for channel %s", (channel) =>
    withAudio("fltp", (frame) => expect(() => frame.samples(channel)).toThrow(/expected a channel from 0 to 15/)),
  );

  it("cannot be read in a format without a typed array", () =>
    withAudio("s64", (frame) => expect(() => frame.samples()).toThrow(/unknown sample format s64/)));
});

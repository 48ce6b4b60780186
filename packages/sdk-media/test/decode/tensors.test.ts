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

/** Looks at the one picture, in a pixel format. */
async function lookAt(pixelFormat: string, look: (frame: VideoFrame) => void): Promise<void> {
  const worker = defineMediaWorker({
    parameters: Type.Object({}),
    initProcess: (format) => ({
      // Converted twice, for FFmpeg pads the lines of what it converts.
      streams: [
        videoStream(format.first("video"), { filters, pixelFormat }, ([frame]) => void look(frame as VideoFrame)),
      ],
    }),
  });
  const outcome = await startMediaJob(worker, { source: source.rgb24([pixels], { width, height }) }).result;
  expect(outcome).toMatchObject({ status: "completed", message: "" });
}

// By the definition: (byte × scale − mean) ÷ std, one number after the other.
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

describe.each(formats)("tensor of %s", (pixelFormat, pixelBytes, channels) => {
  it.each<TensorOptions>([{}, { layout: "nhwc" }, { scale: 1 }, imageNet, { layout: "nhwc", scale: 2, ...imageNet }])(
    "with %o",
    (options) =>
      lookAt(pixelFormat, (frame) => {
        const bytes = frame.packed();
        // Lines are padded, and the tensor must know.
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

describe("pictures", () => {
  it("have the bytes that were given", () => lookAt("rgb24", (frame) => expect(frame.packed()).toEqual(pixels)));

  it("in another format than those are no tensor", () =>
    lookAt("yuv420p", (frame) =>
      expect(() => frame.tensor()).toThrow(/expected a frame of rgb24, bgr24, rgba, bgra, gray, got yuv420p/),
    ));
});

/** Looks at all sound of 16 channels, each with a number of its own, in a sample format. */
async function listenTo(sampleFormat: string, look: (frame: AudioFrame) => void): Promise<void> {
  const samples = Int16Array.from({ length: 1600 * 16 }, (_, i) => (i % 16) * 1000 + (Math.floor(i / 16) % 7));
  const worker = defineMediaWorker({
    parameters: Type.Object({}),
    initProcess: (format) => ({
      streams: [audioStream(format.first("audio"), { sampleFormat }, ([frame]) => void look(frame as AudioFrame))],
    }),
  });
  const outcome = await startMediaJob(worker, { source: source.pcm(samples, 16_000, 16) }).result;
  expect(outcome).toMatchObject({ status: "completed", message: "" });
}

describe("samples of 16 channels", () => {
  // What 16 bits become in each format.
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
  ])("in %s", async (format, type, of) => {
    let position = 0;
    await listenTo(format, (frame) => {
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

  it.each([-1, 16, 0.5, Number.NaN])("but not of channel %s", (channel) =>
    listenTo("fltp", (frame) => expect(() => frame.samples(channel)).toThrow(/expected a channel from 0 to 15/)),
  );

  it("nor of a format that has no array", () =>
    listenTo("s64", (frame) => expect(() => frame.samples()).toThrow(/unknown sample format s64/)));
});

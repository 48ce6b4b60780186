import type { Rational } from "../rational.ts";
import { type RegionOfInterest, toCropArea } from "./region-of-interest.ts";

/**
 * A filter of FFmpeg, with its name and options.
 *
 * @example
 * ```ts
 * const blur: Filter = { name: "boxblur", parameters: { luma_radius: 2, luma_power: 1 } };
 * ```
 */
export interface Filter {
  /** FFmpeg's name of the filter, such as `yadif`. */
  readonly name: string;
  /** The name of this instance in the filter graph. @default none */
  readonly label?: string;
  /** The filter's options; they are escaped as FFmpeg requires. @default {} */
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
}

/** Filters of a video stream, applied in this order: frame rate, crop, size, `filters`, pixel format. */
export interface VideoFilters {
  /** Frames per second, a number or an exact fraction; frames are dropped or repeated. @default unchanged */
  readonly frameRate?: number | Rational;
  /** The part of the frame to keep. @default the whole frame */
  readonly region?: RegionOfInterest;
  /** In pixels; −1, or omitted while `height` is set, keeps the aspect ratio. @default unchanged */
  readonly width?: number;
  /** In pixels; −1, or omitted while `width` is set, keeps the aspect ratio. @default unchanged */
  readonly height?: number;
  /** FFmpeg's name of the format, such as `rgb24` or `gray`. @default unchanged */
  readonly pixelFormat?: string;
  /** Other filters. @default none */
  readonly filters?: readonly Filter[];
}

/** Filters of an audio stream, applied in this order: `filters`, sample rate, channels and sample format. */
export interface AudioFilters {
  /** Samples per second. @default unchanged */
  readonly sampleRate?: number;
  /** The number of channels. @default unchanged */
  readonly channels?: number;
  /** FFmpeg's name of the format, such as `s16` or `fltp`. @default unchanged */
  readonly sampleFormat?: string;
  /** Other filters. @default none */
  readonly filters?: readonly Filter[];
}

/**
 * Returns the option that keeps a part of each frame.
 *
 * @param region - One of the seven forms of {@link RegionOfInterest}.
 *
 * @example
 * ```ts
 * videoStream(format.first("video"), { ...cropTo({ top: 0, left: 0, width: 640, height: 80 }) }, handler);
 * ```
 */
export function cropTo(region: RegionOfInterest): { readonly region: RegionOfInterest } {
  return { region };
}

/** Converts the filters of a video stream to FFmpeg's syntax; the chain is empty if there are none. */
export function toVideoChain(options: VideoFilters, image: { width: number; height: number }): string[] {
  const { frameRate, region, width, height, pixelFormat, filters = [] } = options;
  const chain: Filter[] = [];
  if (frameRate !== undefined) {
    const fps = typeof frameRate === "number" ? frameRate : `${frameRate.num}/${frameRate.den}`;
    chain.push({ name: "fps", parameters: { fps } });
  }
  if (region) {
    const area = toCropArea(region, image);
    chain.push({ name: "crop", parameters: { out_w: area.width, out_h: area.height, x: area.left, y: area.top } });
  }
  if (width !== undefined || height !== undefined)
    chain.push({ name: "scale", parameters: { width: width ?? -1, height: height ?? -1 } });
  chain.push(...filters);
  if (pixelFormat !== undefined) chain.push({ name: "format", parameters: { pix_fmts: pixelFormat } });
  return chain.map(toText);
}

/** Converts the filters of an audio stream to FFmpeg's syntax; the chain is empty if there are none. */
export function toAudioChain({ sampleRate, channels, sampleFormat, filters = [] }: AudioFilters): string[] {
  const format: Record<string, string | number> = {};
  if (sampleRate !== undefined) format.sample_rates = sampleRate;
  if (channels !== undefined) format.channel_layouts = `${channels}c`;
  if (sampleFormat !== undefined) format.sample_fmts = sampleFormat;
  const chain = [...filters];
  if (Object.keys(format).length > 0) chain.push({ name: "aformat", parameters: format });
  return chain.map(toText);
}

function toText({ name, label, parameters = {} }: Filter): string {
  const options = Object.entries(parameters).map(([key, value]) => `${key}=${escapeValue(String(value))}`);
  return `${name}${label === undefined ? "" : `@${label}`}${options.length > 0 ? `=${options.join(":")}` : ""}`;
}

// FFmpeg unescapes twice: first the description of the graph, then the value of the option.
function escapeValue(value: string): string {
  return value.replace(/[\\':]/g, "\\$&").replace(/[\\'[\],;]/g, "\\$&");
}

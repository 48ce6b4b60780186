import type { Rational } from "../rational.ts";
import { type RegionOfInterest, toCropArea } from "./region-of-interest.ts";

/**
 * Any filter of FFmpeg, by its name and options.
 *
 * @example
 * ```ts
 * const blur: Filter = { name: "boxblur", parameters: { luma_radius: 2, luma_power: 1 } };
 * ```
 */
export interface Filter {
  /** FFmpeg's name, such as `yadif`. */
  readonly name: string;
  /** A name of this instance in the graph. @default none */
  readonly label?: string;
  /** The filter's options; escaped as FFmpeg needs it. @default {} */
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
}

/** What is done to the pictures of a stream, in this order: rate, crop, size, `filters`, pixel format. */
export interface VideoFilters {
  /** Frames a second, dropped or repeated; a number or an exact fraction. @default as they come */
  readonly frameRate?: number | Rational;
  /** The part that is kept. @default all of it */
  readonly region?: RegionOfInterest;
  /** Pixels; −1 or absent with a `height`: by the ratio. @default as it is */
  readonly width?: number;
  /** Pixels; −1 or absent with a `width`: by the ratio. @default as it is */
  readonly height?: number;
  /** FFmpeg's name, such as `rgb24` or `gray`. @default as it is */
  readonly pixelFormat?: string;
  /** Any other filters. @default none */
  readonly filters?: readonly Filter[];
}

/** What is done to the sound of a stream: `filters`, then the format. */
export interface AudioFilters {
  /** Samples a second. @default as it is */
  readonly sampleRate?: number;
  /** 1, 2, … @default as it is */
  readonly channels?: number;
  /** FFmpeg's name, such as `s16` or `fltp`. @default as it is */
  readonly sampleFormat?: string;
  /** Any other filters. @default none */
  readonly filters?: readonly Filter[];
}

/**
 * Says which part of a picture is kept.
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

/** The filters of a picture stream as FFmpeg's chain; empty if there are none. */
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

/** The filters of a sound stream as FFmpeg's chain; empty if there are none. */
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

// FFmpeg unescapes twice: an option's value, then the description of the graph.
function escapeValue(value: string): string {
  return value.replace(/[\\':]/g, "\\$&").replace(/[\\'[\],;]/g, "\\$&");
}

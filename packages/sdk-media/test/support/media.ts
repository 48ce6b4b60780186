import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Type } from "@mcai/worker-sdk";
import { type JobOutcome, type RunJobOptions, runJob } from "@mcai/worker-sdk/testing";
import {
  type AudioFrame,
  type AudioStreamOptions,
  audioStream,
  dataStream,
  defineMediaWorker,
  type FormatContext,
  type MediaJob,
  type StreamDescriptor,
  type VideoFrame,
  type VideoStreamOptions,
  videoStream,
} from "../../src/index.ts";

const run = promisify(execFile);

/** The folder for the media files of a test file; removed when its process exits. */
export const folder = mkdtempSync(join(tmpdir(), "mcai-media-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** Runs a program, and returns its standard output and standard error. */
export async function cli(program: string, ...parameters: string[]): Promise<{ stdout: string; stderr: string }> {
  return run(program, parameters, { maxBuffer: 1 << 28 });
}

/** Returns the bytes that FFmpeg writes. */
export async function ffmpegBytes(...parameters: string[]): Promise<Buffer> {
  const { stdout } = await run("ffmpeg", ["-v", "error", ...parameters, "-"], {
    encoding: "buffer",
    maxBuffer: 1 << 28,
  });
  return stdout;
}

const video = (seconds: number) => `testsrc2=size=160x90:rate=25:duration=${seconds}`;
const audio = (seconds: number) => `aevalsrc=0.4*sin(440*2*PI*t)|0.3*sin(997*2*PI*t):s=48000:d=${seconds}`;
const x264 = "-c:v libx264 -preset veryfast -pix_fmt yuv420p";
const aac = "-c:a aac -aac_pns 0 -b:a 128k";

/** FFmpeg's options for each media file; those without `seconds` have 2 s. */
const recipes = {
  "h264.mp4": { video: `${x264} -bf 0 -g 12` },
  "h264-b.mp4": { video: `${x264} -bf 3 -g 12` },
  "h264-b.ts": { video: `${x264} -bf 3 -g 12` },
  "h264-b.mkv": { video: `${x264} -bf 3 -g 12` },
  "h264-b.mov": { video: `${x264} -bf 3 -g 12` },
  "hevc.mp4": { video: "-c:v libx265 -preset ultrafast -pix_fmt yuv420p -x265-params log-level=none:bframes=3" },
  "mpeg2.ts": { video: "-c:v mpeg2video -bf 2 -g 12 -b:v 2M" },
  "mjpeg.mkv": { video: "-c:v mjpeg -pix_fmt yuvj420p -q:v 4" },
  "vp9.mkv": { video: "-c:v libvpx-vp9 -deadline realtime -cpu-used 8" },
  "av1.mkv": { video: "-c:v libsvtav1 -preset 10 -pix_fmt yuv420p" },
  "prores.mov": { video: "-c:v prores_ks -profile:v 0" },
  "gif.gif": { video: "-c:v gif" },
  "png.mkv": { video: "-c:v png -pix_fmt rgb24" },
  "single.png": { video: "-c:v png -frames:v 1" },
  "aac.mp4": { audio: aac },
  "aac.ts": { audio: aac },
  "aac.mkv": { audio: aac },
  "mp3.mp3": { audio: "-c:a libmp3lame -b:a 128k" },
  "opus.mkv": { audio: "-c:a libopus -b:a 96k" },
  "opus.ogg": { audio: "-c:a libopus -b:a 96k" },
  "flac.flac": { audio: "-c:a flac -sample_fmt s16" },
  "flac.mkv": { audio: "-c:a flac -sample_fmt s16" },
  "pcm.wav": { audio: "-c:a pcm_s16le" },
  "pcm24.wav": { audio: "-c:a pcm_s24le" },
  "ac3.ac3": { audio: "-c:a ac3 -b:a 192k" },
  "ac3.ts": { audio: "-c:a ac3 -b:a 192k" },
  // Files with video and audio, long enough for a seek to have an effect.
  "long12.mp4": { video: `${x264} -bf 3 -g 12`, audio: aac, seconds: 6 },
  "long250.mp4": { video: `${x264} -bf 3 -g 250 -sc_threshold 0`, audio: aac, seconds: 6 },
  "long12.ts": { video: `${x264} -bf 3 -g 12`, audio: aac, seconds: 6 },
  "long250.ts": { video: `${x264} -bf 3 -g 250 -sc_threshold 0`, audio: aac, seconds: 6 },
  "late.ts": { video: `${x264} -bf 3 -g 12`, audio: aac, seconds: 6, output: "-output_ts_offset 12.345" },
  "long12.mkv": { video: `${x264} -bf 3 -g 12`, audio: "-c:a flac -sample_fmt s16", seconds: 6 },
  "long250.mkv": { video: `${x264} -bf 3 -g 250 -sc_threshold 0`, audio: aac, seconds: 6 },
  "long12.mov": { video: `${x264} -bf 3 -g 12`, audio: "-c:a pcm_s16le", seconds: 6 },
  "late.mp4": { video: `${x264} -bf 3 -g 12`, audio: aac, seconds: 6, output: "-output_ts_offset 1.5" },
  "long-start.mp4": { video: `${x264} -bf 3 -g 12`, seconds: 6, output: "-movflags +faststart" },
  "long.wav": { audio: "-c:a pcm_s16le", seconds: 6 },
  "long.mp3": { audio: "-c:a libmp3lame -b:a 128k", seconds: 6 },
  "long-mpeg2.ts": { video: "-c:v mpeg2video -bf 2 -g 12 -b:v 2M", audio: "-c:a mp2", seconds: 6 },
} as const satisfies Record<string, { video?: string; audio?: string; seconds?: number; output?: string }>;

/** The name of a media file that can be made. */
export type MediaName = keyof typeof recipes;

const made = new Map<MediaName, Promise<string>>();

/** Makes a media file once, and returns its path. */
export function media(name: MediaName): Promise<string> {
  const known = made.get(name);
  if (known) return known;
  const path = join(folder, name);
  const recipe: { video?: string; audio?: string; seconds?: number; output?: string } = recipes[name];
  const { seconds = 2, output } = recipe;
  const words = (text: string | undefined) => (text === undefined ? [] : text.split(" "));
  const inputs = [...(recipe.video ? [video(seconds)] : []), ...(recipe.audio ? [audio(seconds)] : [])];
  const making = cli(
    "ffmpeg",
    ...["-v", "error", "-y"],
    ...inputs.flatMap((input) => ["-f", "lavfi", "-i", input]),
    ...words(recipe.video),
    ...words(recipe.audio),
    ...words(output),
    path,
  ).then(() => path);
  made.set(name, making);
  return making;
}

/** Makes a media file with FFmpeg's options, and returns its path. */
export async function makeMedia(name: string, options: string): Promise<string> {
  const path = join(folder, name);
  await cli("ffmpeg", "-v", "error", "-y", ...options.split(" "), path);
  return path;
}

const encoders = await cli("ffmpeg", "-v", "quiet", "-encoders");

/** Whether this machine's FFmpeg can make a media file; prints the reason if it cannot. */
export function canMake(name: MediaName): boolean {
  const { video, audio }: { video?: string; audio?: string } = recipes[name];
  const missing = [video, audio]
    .map((text) => /-c:[va] (\S+)/.exec(text ?? "")?.[1])
    .find((encoder) => encoder !== undefined && !encoders.stdout.includes(` ${encoder} `));
  if (missing !== undefined) console.warn(`${name} is left out: this ffmpeg has no encoder ${missing}`);
  return missing === undefined;
}

/** Result of {@link runMedia}. */
export interface MediaRun {
  readonly outcome: JobOutcome;
  /** The number of frames. */
  readonly count: number;
  /** The MD5 of all packed frames, or of all samples, interleaved. */
  readonly md5: string;
  /** The time of each frame, in milliseconds. */
  readonly timesMs: readonly number[];
  /** The MD5 of each frame. */
  readonly frames: readonly string[];
  /** The number of samples of each channel: in all frames, and in each frame. */
  readonly sampleCount: number;
  readonly frameSamples: readonly number[];
  /** All samples, interleaved. */
  readonly bytes: Buffer;
  readonly pixelFormat: string | undefined;
  readonly sampleFormat: string | undefined;
}

/** The parameters that every media worker has. */
export interface CommonParameters {
  readonly batch_size?: number;
  readonly sdk_start_index?: number;
  readonly sdk_stop_index?: number;
}

/** Decodes the first stream of a kind, and describes its frames. */
export async function runMedia(
  source: string,
  stream: { readonly video: VideoStreamOptions } | { readonly audio: AudioStreamOptions },
  parameters: CommonParameters = {},
): Promise<MediaRun> {
  const hash = createHash("md5");
  const timesMs: number[] = [];
  const frames: string[] = [];
  const pieces: Buffer[] = [];
  const frameSamples: number[] = [];
  let pixelFormat: string | undefined;
  let sampleFormat: string | undefined;
  const seen = (bytes: Uint8Array, timeMs: number) => {
    hash.update(bytes);
    frames.push(createHash("md5").update(bytes).digest("hex"));
    timesMs.push(timeMs);
  };
  const takeVideo = (batch: VideoFrame[]) => {
    for (const frame of batch) {
      pixelFormat = frame.pixelFormat;
      seen(frame.packed(), frame.timeMs);
    }
  };
  const takeAudio = (batch: AudioFrame[]) => {
    for (const frame of batch) {
      sampleFormat = frame.sampleFormat;
      frameSamples.push(frame.sampleCount);
      const samples = frame.samples();
      const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
      pieces.push(bytes);
      seen(bytes, frame.timeMs);
    }
  };
  const outcome = await runStreams(
    source,
    (format) => [
      "video" in stream
        ? videoStream(format.first("video"), stream.video, takeVideo)
        : audioStream(format.first("audio"), stream.audio, takeAudio),
    ],
    { parameters },
  );
  if (outcome.status !== "completed") throw new Error(`${source}: ${outcome.status}: ${outcome.message}`);
  const md5 = hash.digest("hex");
  const bytes = Buffer.concat(pieces);
  const sampleCount = frameSamples.reduce((sum, count) => sum + count, 0);
  return {
    outcome,
    count: timesMs.length,
    md5,
    timesMs,
    frames,
    sampleCount,
    frameSamples,
    bytes,
    pixelFormat,
    sampleFormat,
  };
}

let destinations = 0;

/** Returns a new path for results. */
export function newDestination(): string {
  return join(folder, `results-${++destinations}.json`);
}

/** Runs a job of a worker with these streams. */
export function runStreams(
  source: string,
  streams: (format: FormatContext, job: MediaJob) => readonly StreamDescriptor[],
  options: {
    readonly parameters?: CommonParameters;
    readonly destination?: string;
    readonly run?: RunJobOptions<undefined>;
  } = {},
): Promise<JobOutcome> {
  const worker = defineMediaWorker({
    parameters: Type.Object({}),
    initProcess: (format, _, job) => ({ streams: streams(format, job) }),
  });
  const { parameters, destination = newDestination() } = options;
  return runJob(worker, { source_path: source, destination_path: destination, ...parameters }, options.run);
}

/** Takes all streams, and passes on the stream and the time of each frame. */
export function allStreams(
  format: FormatContext,
  seen: (index: number, timeMs: number | undefined) => unknown,
): StreamDescriptor[] {
  return format.streams.map((stream) => {
    const { index } = stream;
    if (stream.kind === "video") return videoStream(stream, {}, ([frame]) => void seen(index, frame?.timeMs));
    if (stream.kind === "audio") return audioStream(stream, {}, ([frame]) => void seen(index, frame?.timeMs));
    return dataStream(stream, {}, ([packet]) => void seen(index, packet?.timeMs));
  });
}

/** A frame that the ffmpeg command outputs. */
export interface ReferenceFrame {
  /** The time from the start of the source. */
  readonly timeMs: number;
  /** The number of samples of each channel; 0 for video. */
  readonly sampleCount: number;
}

/** Returns the frames that the ffmpeg command outputs with each filter, from `showinfo` and `ashowinfo` in a single run. */
export async function ffmpegFrames(
  source: string,
  kind: "video" | "audio",
  filters: readonly string[],
): Promise<Map<string, ReferenceFrame[]>> {
  const [info, option, map] = kind === "video" ? ["showinfo", "-vf", "0:v:0"] : ["ashowinfo", "-af", "0:a:0"];
  const outputs = filters.flatMap((filter, i) => {
    const chain = `${filter === "" ? "" : `${filter},`}${info}@f${i}`;
    return ["-map", map, option, chain, "-vsync", "passthrough", "-f", "null", "-"];
  });
  const { stderr } = await cli("ffmpeg", "-hide_banner", "-nostats", "-i", source, ...outputs);
  const found = new Map<string, ReferenceFrame[]>(filters.map((filter) => [filter, []]));
  for (const line of stderr.split("\n")) {
    const [, number, time] = /showinfo@f(\d+) @ \S+ n: *\d+ pts: *\S+ pts_time:(\S+)/.exec(line) ?? [];
    if (number === undefined) continue;
    const sampleCount = Number(/nb_samples:(\d+)/.exec(line)?.[1] ?? 0);
    found.get(filters[Number(number)] as string)?.push({ timeMs: 1000 * Number(time), sampleCount });
  }
  return found;
}

import type { Frame as NativeFrame } from "node-av/lib";
import { ffmpeg } from "../ffmpeg.ts";

/** Enough for the frames that a pipeline uses at a time, and for some batches of audio. */
const maxSpare = 64;
const spare: NativeFrame[] = [];

/**
 * Returns an empty frame. Creating one costs 1 µs, and collecting it another, which matters for audio: decoding a frame
 * costs 11 µs.
 */
export function acquireNativeFrame(): NativeFrame {
  const frame = spare.pop();
  if (frame) return frame;
  const made = new (ffmpeg().Frame)();
  made.alloc();
  return made;
}

/** Frees the memory of a frame immediately, and keeps the empty frame for reuse. */
export function releaseNativeFrame(frame: NativeFrame): void {
  if (spare.length < maxSpare) {
    frame.unref();
    spare.push(frame);
  } else frame.free();
}

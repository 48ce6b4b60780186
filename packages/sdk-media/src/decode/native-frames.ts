import type { Frame as NativeFrame } from "node-av/lib";
import { ffmpeg } from "../ffmpeg.ts";

/** As many as a pipeline has in hand at once, and some batches of sound. */
const maxSpare = 64;
const spare: NativeFrame[] = [];

/** An empty frame. Making one costs 1 µs and the garbage collector another: much for sound, whose frames cost 11 µs to decode. */
export function acquireNativeFrame(): NativeFrame {
  const frame = spare.pop();
  if (frame) return frame;
  const made = new (ffmpeg().Frame)();
  made.alloc();
  return made;
}

/** Gives the memory of a frame back at once, and the frame to who needs one next. */
export function releaseNativeFrame(frame: NativeFrame): void {
  if (spare.length < maxSpare) {
    frame.unref();
    spare.push(frame);
  } else frame.free();
}

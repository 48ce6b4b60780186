import type { Frame as NativeFrame } from "node-av/lib";
import { mediaError } from "../errors.ts";
import { errorText } from "../ffmpeg.ts";
import { acquireNativeFrame, releaseNativeFrame } from "./native-frames.ts";

/**
 * Returns a frame whose lines are stored from top to bottom. Filters such as `vflip` only negate the line size, and
 * node-av does not expose the planes of such a frame, so it is copied and the original is released.
 */
export function toTopDown(frame: NativeFrame, lineSizes: readonly number[]): NativeFrame {
  if (lineSizes.every((size) => size >= 0)) return frame;
  const copy = acquireNativeFrame();
  copy.format = frame.format;
  copy.width = frame.width;
  copy.height = frame.height;
  let code = copy.getBuffer();
  if (code >= 0) code = copy.copy(frame);
  if (code >= 0) code = copy.copyProps(frame);
  releaseNativeFrame(frame);
  if (code >= 0) return copy;
  releaseNativeFrame(copy);
  throw mediaError("FILTER_REFUSED", `a frame with lines from bottom to top cannot be copied: ${errorText(code)}`);
}

import type { Frame as NativeFrame } from "node-av/lib";
import { MediaError } from "../errors.ts";
import { errorText } from "../ffmpeg.ts";
import { acquireNativeFrame, releaseNativeFrame } from "./native-frames.ts";

/**
 * Gives a picture whose lines follow each other downwards in memory. Filters such as `vflip` only turn the step from line
 * to line round, and node-av shows no planes of such a picture: of those a copy is made, and the picture freed.
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
  throw new MediaError("FILTER_REFUSED", `a picture that is upside down cannot be copied: ${errorText(code)}`);
}

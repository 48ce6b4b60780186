import type { MemorySource } from "../source/memory-source.ts";

/** A source for tests: created by {@link source}, or a path or URL. */
export type TestSource = string | MemorySource;

/**
 * Creates sources that need no file.
 *
 * @example
 * ```ts
 * startMediaJob(worker, { source: source.lavfi("testsrc2=r=30000/1001:d=1") });
 * ```
 */
export const source = {
  /** The output of a graph of FFmpeg's source filters, such as `testsrc2=r=25:d=2` or `sine=440:d=1`. */
  lavfi(graph: string): MemorySource {
    return { format: "lavfi", url: graph };
  },

  /**
   * One audio stream of 16-bit samples, or of floating-point samples from −1 to 1.
   *
   * @param samples - The samples, interleaved.
   * @param sampleRate - Samples per second.
   * @param channels - The number of channels. @default 1
   */
  pcm(samples: Int16Array | Float32Array, sampleRate: number, channels = 1): MemorySource {
    const options = { sample_rate: String(sampleRate), ch_layout: `${channels}c` };
    return { format: samples instanceof Int16Array ? "s16le" : "f32le", options, bytes: once(bytesOf(samples)) };
  },

  /**
   * One video stream of frames with three bytes per pixel.
   *
   * @param frames - Frames of width × height × 3 bytes each.
   * @param size - The size in pixels, and the frames per second (25 by default).
   */
  rgb24(frames: readonly Uint8Array[], size: { width: number; height: number; frameRate?: number }): MemorySource {
    const { width, height, frameRate = 25 } = size;
    const options = { pixel_format: "rgb24", video_size: `${width}x${height}`, framerate: String(frameRate) };
    return { format: "rawvideo", options, bytes: once(Buffer.concat(frames)) };
  },

  /** The bytes of a media file, in chunks of any size; FFmpeg detects the container. */
  packets(bytes: AsyncIterable<Uint8Array>): MemorySource {
    return { bytes };
  },
};

function bytesOf(samples: Int16Array | Float32Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

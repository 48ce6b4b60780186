import type { MemorySource } from "../source/memory-source.ts";

/** A source for tests: made by {@link source}, or a path or address. */
export type TestSource = string | MemorySource;

/**
 * Sources that need no file.
 *
 * @example
 * ```ts
 * startMediaJob(worker, { source: source.lavfi("testsrc2=r=30000/1001:d=1") });
 * ```
 */
export const source = {
  /** What a graph of FFmpeg's sources gives, such as `testsrc2=r=25:d=2` or `sine=440:d=1`. */
  lavfi(graph: string): MemorySource {
    return { format: "lavfi", url: graph };
  },

  /**
   * Sound of 16 bits, or of floats from −1 to 1, as one audio stream.
   *
   * @param samples - Interleaved.
   * @param sampleRate - Samples a second.
   * @param channels - @default 1
   */
  pcm(samples: Int16Array | Float32Array, sampleRate: number, channels = 1): MemorySource {
    const options = { sample_rate: String(sampleRate), ch_layout: `${channels}c` };
    return { format: samples instanceof Int16Array ? "s16le" : "f32le", options, bytes: once(bytesOf(samples)) };
  },

  /**
   * Pictures of three bytes a pixel, as one video stream.
   *
   * @param frames - width × height × 3 bytes each.
   * @param size - Pixels, and frames a second, 25 by default.
   */
  rgb24(frames: readonly Uint8Array[], size: { width: number; height: number; frameRate?: number }): MemorySource {
    const { width, height, frameRate = 25 } = size;
    const options = { pixel_format: "rgb24", video_size: `${width}x${height}`, framerate: String(frameRate) };
    return { format: "rawvideo", options, bytes: once(Buffer.concat(frames)) };
  },

  /** The bytes of a container, as they come; FFmpeg finds out which. */
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

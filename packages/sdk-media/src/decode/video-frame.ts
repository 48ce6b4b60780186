import type { Frame as NativeFrame } from "node-av/lib";
import { MediaError, mediaError } from "../errors.ts";
import { ffmpeg, lineBytes, pixelFormatName } from "../ffmpeg.ts";
import { Frame, type FrameClock } from "./frame.ts";

/** Options of {@link VideoFrame.tensor}. */
export interface TensorOptions {
  /** `nchw`: one plane per channel, as for PyTorch; `nhwc`: interleaved pixels, as for TensorFlow. @default "nchw" */
  readonly layout?: "nchw" | "nhwc";
  /** The factor that each byte is multiplied by. @default 1 / 255 */
  readonly scale?: number;
  /** The value that is then subtracted, per channel. @default 0 */
  readonly mean?: readonly number[];
  /** The value that the difference is divided by, per channel. @default 1 */
  readonly std?: readonly number[];
  /** The array to write to, of at least channels × height × width numbers. @default a new array */
  readonly into?: Float32Array;
}

/**
 * A frame of video.
 *
 * @example
 * ```ts
 * videoStream(format.first("video"), { width: 224, height: 224, pixelFormat: "rgb24" }, async ([frame]) => {
 *   const boxes = await detect(frame.tensor({ scale: 1 / 255 }));
 *   return { timeMs: frame.timeMs, boxes };
 * });
 * ```
 */
export class VideoFrame extends Frame {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** FFmpeg's name of the format, such as `yuv420p`. */
  readonly pixelFormat: string;
  /** Whether the frame can be decoded without other frames. */
  readonly isKeyFrame: boolean;
  readonly #timecode: () => string | undefined;

  /** @internal */
  constructor(native: NativeFrame, clock: FrameClock, timecode: (timeMs: number) => string | undefined) {
    super(native, clock);
    this.width = native.width;
    this.height = native.height;
    this.pixelFormat = pixelFormatName(native.format) ?? "unknown";
    this.isKeyFrame = native.keyFrame === 1;
    this.#timecode = () => timecode(this.timeMs);
  }

  /**
   * The SMPTE timecode, from the start timecode of the source; undefined if the source has none. Supports drop frame.
   */
  get timecode(): string | undefined {
    return this.#timecode();
  }

  /** @internal */
  protected override view(native: NativeFrame): Uint8Array[] {
    const { linesize, format, width } = native;
    const bytes = lineBytes(format, width);
    // The padding after the last line may lie outside of the frame's memory, for example after a crop.
    return super.view(native).map((plane, i) => plane.subarray(0, plane.length - (linesize[i] ?? 0) + (bytes[i] ?? 0)));
  }

  /** The number of bytes from one line to the next, for each plane. */
  get lineSizesBytes(): readonly number[] {
    return this.native.linesize.slice(0, this.planes.length);
  }

  /**
   * Returns a copy of all planes, one after another, without the padding of lines.
   *
   * @param into - The array to write to. @default a new array
   * @returns The bytes, which stay valid.
   * @throws {@link MediaError} `FRAME_RELEASED` after the handler has ended.
   * @throws {@link RangeError} If `into` is too small.
   */
  packed(into?: Uint8Array): Uint8Array {
    const { avImageGetBufferSize, avImageCopyToBuffer } = ffmpeg();
    const { native, planes } = this;
    const format = native.format as Parameters<typeof avImageGetBufferSize>[0];
    const sizeBytes = avImageGetBufferSize(format, this.width, this.height, 1);
    const target = Buffer.from(
      (into ?? new Uint8Array(sizeBytes)).buffer,
      into?.byteOffset ?? 0,
      into?.byteLength ?? sizeBytes,
    );
    if (target.length < sizeBytes)
      throw new RangeError(`packed: ${sizeBytes} bytes are needed, but into has ${target.length}`);
    // node-av does not expose the palette plane.
    if (this.pixelFormat === "pal8") target.set(native.toBuffer());
    else {
      const { linesize } = native;
      avImageCopyToBuffer(target, target.length, planes as Buffer[], linesize, format, this.width, this.height, 1);
    }
    return into ? into.subarray(0, sizeBytes) : new Uint8Array(target.buffer, 0, sizeBytes);
  }

  /**
   * Converts the frame to numbers for a model: (byte × scale − mean) ÷ std. The frame must be `rgb24`, `bgr24`, `rgba`,
   * `bgra` or `gray`: set the stream's `pixelFormat`. Alpha is ignored.
   *
   * @returns Channels × height × width numbers.
   * @throws {@link MediaError} `FRAME_RELEASED` after the handler has ended; `STREAM_INVALID` for another pixel format.
   * @throws {@link RangeError} If `into` is too small.
   */
  tensor({ layout = "nchw", scale = 1 / 255, mean = [], std = [], into }: TensorOptions = {}): Float32Array {
    const layoutOf: Readonly<Record<string, readonly [pixelBytes: number, channels: number]>> = {
      rgb24: [3, 3],
      bgr24: [3, 3],
      rgba: [4, 3],
      bgra: [4, 3],
      gray: [1, 1],
    };
    const format = layoutOf[this.pixelFormat];
    const [plane] = this.planes;
    if (!format || !plane) {
      const known = Object.keys(layoutOf).join(", ");
      throw mediaError(
        "STREAM_INVALID",
        `tensor: expected a frame of ${known}, got ${this.pixelFormat}; set the stream's pixelFormat`,
      );
    }
    const [pixelBytes, channels] = format;
    const { width, height } = this;
    const area = width * height;
    const lineSize = this.lineSizesBytes[0] ?? 0;
    const numbers = into ?? new Float32Array(channels * area);
    if (numbers.length < channels * area)
      throw new RangeError(`tensor: ${channels * area} numbers are needed, but into has ${numbers.length}`);
    for (let channel = 0; channel < channels; channel++) {
      // Each of the 256 values is computed once.
      const values = new Float32Array(256);
      for (let byte = 0; byte < 256; byte++) values[byte] = (byte * scale - (mean[channel] ?? 0)) / (std[channel] ?? 1);
      const step = layout === "nchw" ? 1 : channels;
      let at = layout === "nchw" ? channel * area : channel;
      for (let y = 0; y < height; y++) {
        const end = y * lineSize + width * pixelBytes;
        for (let x = y * lineSize + channel; x < end; x += pixelBytes, at += step)
          numbers[at] = values[plane[x] as number] as number;
      }
    }
    return numbers;
  }
}

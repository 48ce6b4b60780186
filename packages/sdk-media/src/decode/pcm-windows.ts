/** The sample format of windows. */
export type PcmFormat = "float32" | "int16";

/** A part of the audio, exactly as long as requested; only the last one can be shorter. */
export interface PcmWindow {
  /** −1 to 1 for `float32`, 16-bit integers for `int16`. Interleaved, or with `planar` one channel after another. */
  readonly samples: Float32Array | Int16Array;
  /** The number of samples per channel. */
  readonly sampleCount: number;
  /** The position of the first sample from the start of the source, in samples of the requested rate. */
  readonly startSample: number;
  /** The start of the window, from the start of the source. */
  readonly startMs: number;
  /** The end of the window, from the start of the source. */
  readonly endMs: number;
}

/** Splits consecutive samples into windows. */
export class PcmWindows {
  readonly #rate: number;
  readonly #channels: number;
  readonly #length: number;
  readonly #hop: number;
  readonly #planar: boolean;
  readonly #Array: Float32ArrayConstructor | Int16ArrayConstructor;
  #buffer: Float32Array | Int16Array;
  #filled = 0;
  /** The position of the buffer's first sample; undefined before the first. */
  #start: number | undefined;
  #fresh = 0;

  constructor(options: {
    rate: number;
    channels: number;
    length: number;
    overlap: number;
    planar: boolean;
    format: PcmFormat;
  }) {
    this.#rate = options.rate;
    this.#channels = options.channels;
    this.#length = options.length;
    this.#hop = options.length - options.overlap;
    this.#planar = options.planar;
    this.#Array = options.format === "float32" ? Float32Array : Int16Array;
    this.#buffer = new this.#Array(options.length * options.channels);
  }

  /** The position of the next sample; undefined before the first. */
  get position(): number | undefined {
    return this.#start === undefined ? undefined : this.#start + this.#filled;
  }

  /** Sets the position of the first sample. */
  startAt(position: number): void {
    this.#start = position;
  }

  /** Adds interleaved samples; yields each window that becomes full. */
  *add(samples: Float32Array | Int16Array): Generator<PcmWindow> {
    const count = samples.length / this.#channels;
    for (let at = 0; at < count; ) {
      const piece = this.#space(count - at);
      this.#buffer.set(
        samples.subarray(at * this.#channels, (at + piece) * this.#channels),
        this.#filled * this.#channels,
      );
      at += piece;
      yield* this.#grow(piece);
    }
  }

  /** Adds silence; yields each window that becomes full. */
  *addSilence(count: number): Generator<PcmWindow> {
    for (let left = count; left > 0; ) {
      const piece = this.#space(left);
      this.#buffer.fill(0, this.#filled * this.#channels, (this.#filled + piece) * this.#channels);
      left -= piece;
      yield* this.#grow(piece);
    }
  }

  /** Returns the last window, which can be shorter; undefined if all samples were in a window. */
  flush(): PcmWindow | undefined {
    return this.#fresh > 0 ? this.#cut(this.#filled) : undefined;
  }

  #space(count: number): number {
    return Math.min(count, this.#length - this.#filled);
  }

  *#grow(count: number): Generator<PcmWindow> {
    this.#filled += count;
    this.#fresh += count;
    if (this.#filled < this.#length) return;
    const window = this.#cut(this.#length);
    this.#buffer.copyWithin(0, this.#hop * this.#channels);
    this.#filled = this.#length - this.#hop;
    this.#start = (this.#start ?? 0) + this.#hop;
    this.#fresh = 0;
    yield window;
  }

  #cut(count: number): PcmWindow {
    const startSample = this.#start ?? 0;
    const interleaved = this.#buffer.slice(0, count * this.#channels);
    return {
      samples: this.#planar ? this.#toPlanar(interleaved, count) : interleaved,
      sampleCount: count,
      startSample,
      startMs: (startSample * 1000) / this.#rate,
      endMs: ((startSample + count) * 1000) / this.#rate,
    };
  }

  #toPlanar(interleaved: Float32Array | Int16Array, count: number): Float32Array | Int16Array {
    const planar = new this.#Array(interleaved.length);
    for (let channel = 0; channel < this.#channels; channel++)
      for (let i = 0; i < count; i++) planar[channel * count + i] = interleaved[i * this.#channels + channel] as number;
    return planar;
  }
}

/** Sample formats of windows. */
export type PcmFormat = "float32" | "int16";

/** A part of the sound, exactly as long as asked for; the last one may be shorter. */
export interface PcmWindow {
  /** −1 to 1, or whole numbers; channel after channel within each sample, or with `planar` one channel after the other. */
  readonly samples: Float32Array | Int16Array;
  /** Samples of each channel. */
  readonly sampleCount: number;
  /** The position of its first sample in the media, in samples of the asked rate. */
  readonly startSample: number;
  /** From the start of the media. */
  readonly startMs: number;
  readonly endMs: number;
}

/** Cuts a run of samples into windows; gaps become silence, what overlaps is dropped. */
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

  /**
   * Adds interleaved samples that begin at a position.
   *
   * @returns The windows that are full now, and how many samples were missing before these.
   */
  add(samples: Float32Array | Int16Array, position: number): { windows: PcmWindow[]; gap: number } {
    const windows: PcmWindow[] = [];
    this.#start ??= position;
    const expected = this.#start + this.#filled;
    const gap = Math.max(0, position - expected);
    for (let left = gap; left > 0; ) left -= this.#fill(undefined, 0, left, windows);
    const count = samples.length / this.#channels;
    let at = Math.min(count, Math.max(0, expected - position));
    while (at < count) at += this.#fill(samples, at, count - at, windows);
    return { windows, gap };
  }

  /** The last window, which may be shorter; undefined if nothing is left that no window had. */
  end(): PcmWindow | undefined {
    return this.#fresh > 0 ? this.#cut(this.#filled) : undefined;
  }

  #fill(samples: Float32Array | Int16Array | undefined, from: number, left: number, windows: PcmWindow[]): number {
    const count = Math.min(left, this.#length - this.#filled);
    const at = this.#filled * this.#channels;
    if (samples) this.#buffer.set(samples.subarray(from * this.#channels, (from + count) * this.#channels), at);
    else this.#buffer.fill(0, at, at + count * this.#channels);
    this.#filled += count;
    this.#fresh += count;
    if (this.#filled < this.#length) return count;
    windows.push(this.#cut(this.#length));
    this.#buffer.copyWithin(0, this.#hop * this.#channels);
    this.#filled = this.#length - this.#hop;
    this.#start = (this.#start ?? 0) + this.#hop;
    this.#fresh = 0;
    return count;
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

import type { AudioFrame, Filter } from "@mcai/worker-sdk-media";

/** One reading of the meter. */
export interface Reading {
  /** The end of the window. */
  readonly timeMs: number;
  /** Loudness of the last 400 ms; null in the first 400 ms and in digital silence. */
  readonly momentaryLufs: number | null;
  /** Loudness of the last 3 s; null in the first 3 s and in digital silence. */
  readonly shortTermLufs: number | null;
}

/** The values of the whole programme; null if nothing was louder than −70 LUFS, or if the audio was too short. */
export interface Programme {
  readonly integratedLufs: number | null;
  readonly loudnessRangeLu: number | null;
  readonly truePeakDbtp: number | null;
  readonly maximumMomentaryLufs: number | null;
  readonly maximumShortTermLufs: number | null;
}

const stepMs = 100;
const absoluteGateLufs = -70;

/**
 * Returns FFmpeg's filters that measure. `ebur128` outputs a frame every 100 ms. It gives true peaks as a factor with three
 * decimals (−60 dBTP is 0.001), and not for the last part that is shorter than 100 ms, so `astats` measures them instead, in
 * decibels and with the same oversampling. A little silence at the end keeps the resampler from mirroring the last samples,
 * which could add peaks.
 */
export function meterFilters(dualMono: boolean): Filter[] {
  return [
    { name: "ebur128", parameters: { metadata: true, dualmono: dualMono } },
    { name: "apad", parameters: { pad_len: 64 } },
    { name: "aresample", parameters: { sample_rate: 192_000 } },
    {
      name: "astats",
      parameters: { metadata: true, measure_perchannel: "none", measure_overall: "Peak_level" },
    },
  ];
}

/** Reads the loudness by EBU R128 (ITU-R BS.1770, EBU Tech 3341 and 3342) from frames that went through {@link meterFilters}. */
export class LoudnessMeter {
  #integrated: number | null = null;
  #range: number | null = null;
  #truePeak: number | null = null;
  #maximumMomentary: number | null = null;
  #maximumShortTerm: number | null = null;
  #delayMs: number | undefined;

  /** Returns the reading of a frame; undefined for the last part, which is shorter than a step. */
  read({ metadata, timeMs, sampleCount, sampleRate }: AudioFrame): Reading | undefined {
    this.#truePeak = louder(this.#truePeak, toPeak(metadata["lavfi.astats.Overall.Peak_level"]));
    if (metadata["lavfi.r128.M"] === undefined) return undefined;
    const lengthMs = (1000 * sampleCount) / sampleRate;
    // The resampler holds back some samples at first, and stays late by their duration.
    this.#delayMs ??= stepMs - lengthMs;
    const reading = {
      timeMs: Math.round(timeMs + lengthMs + this.#delayMs),
      momentaryLufs: toLoudness(metadata["lavfi.r128.M"]),
      shortTermLufs: toLoudness(metadata["lavfi.r128.S"]),
    };
    this.#setIntegrated(toLoudness(metadata["lavfi.r128.I"]), reading.timeMs);
    this.#maximumMomentary = louder(this.#maximumMomentary, reading.momentaryLufs);
    this.#maximumShortTerm = louder(this.#maximumShortTerm, reading.shortTermLufs);
    if ((this.#maximumShortTerm ?? absoluteGateLufs) > absoluteGateLufs)
      this.#range = Number(metadata["lavfi.r128.LRA"]);
    return reading;
  }

  get programme(): Programme {
    return {
      integratedLufs: this.#integrated,
      loudnessRangeLu: this.#range,
      truePeakDbtp: this.#truePeak,
      maximumMomentaryLufs: this.#maximumMomentary,
      maximumShortTermLufs: this.#maximumShortTerm,
    };
  }

  // FFmpeg starts its measurement again when the audio format changes, as in some broadcasts at advertisements.
  #setIntegrated(lufs: number | null, timeMs: number): void {
    const integrated = lufs === null || lufs <= absoluteGateLufs ? null : lufs;
    if (integrated === null && this.#integrated !== null)
      throw new Error(
        `The audio changes its sample rate, format or channels just before ${timeMs} ms, so it has no overall loudness; ` +
          "measure the parts before and after it with sdk_stop_index and sdk_start_index",
      );
    this.#integrated = integrated;
  }
}

// FFmpeg writes −120.691, or −117.681 for dual mono, if a window is not full or is silent.
function toLoudness(text: string | undefined): number | null {
  const loudness = Number(text);
  return loudness > -117 ? loudness : null;
}

// The peak of silence is -inf, which JSON cannot represent.
function toPeak(text: string | undefined): number | null {
  const peak = Number(text);
  return Number.isFinite(peak) ? Math.round(peak * 1000) / 1000 : null;
}

function louder(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}

import type { AudioFrame, Filter } from "@mcai/worker-sdk-media";

/** A point of the meter's graph. */
export interface Reading {
  /** Where the window ends. */
  readonly timeMs: number;
  /** Of the last 400 ms; null before there are so many, and in digital silence. */
  readonly momentaryLufs: number | null;
  /** Of the last 3 s; null likewise. */
  readonly shortTermLufs: number | null;
}

/** What was measured from beginning to end; null where nothing was louder than −70 LUFS, or the sound too short. */
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
 * FFmpeg's filters that measure: `ebur128` gives a frame each 100 ms. Its true peaks have three decimals as a factor, so
 * that −60 dBTP is 0.001, and it tells none of the rest at the end: `astats` measures them in decibels, oversampled alike.
 * A little silence at the end keeps the resampler from mirroring the last samples, which can have peaks of its own.
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

/** Reads the loudness by EBU R128 (ITU-R BS.1770, EBU Tech 3341 and 3342) from frames behind {@link meterFilters}. */
export class LoudnessMeter {
  #integrated: number | null = null;
  #range: number | null = null;
  #truePeak: number | null = null;
  #maximumMomentary: number | null = null;
  #maximumShortTerm: number | null = null;
  #delayMs: number | undefined;

  /** What a frame adds to the graph; undefined for the rest at the end, which fills no step. */
  read({ metadata, timeMs, sampleCount, sampleRate }: AudioFrame): Reading | undefined {
    this.#truePeak = louder(this.#truePeak, toPeak(metadata["lavfi.astats.Overall.Peak_level"]));
    if (metadata["lavfi.r128.M"] === undefined) return undefined;
    const lengthMs = (1000 * sampleCount) / sampleRate;
    // The resampler keeps some samples back at first, and is late by them from then on.
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

  // FFmpeg's measurement starts anew when the sound changes its format, as at some advertisements in a broadcast.
  #setIntegrated(lufs: number | null, timeMs: number): void {
    const integrated = lufs === null || lufs <= absoluteGateLufs ? null : lufs;
    if (integrated === null && this.#integrated !== null)
      throw new Error(
        `The sound changes its sample rate, format or channels just before ${timeMs} ms, and so has no one loudness; ` +
          "measure the parts before and after by sdk_stop_index and sdk_start_index",
      );
    this.#integrated = integrated;
  }
}

// FFmpeg writes −120.691, of dual mono −117.681, where a window is not full or has nothing in it.
function toLoudness(text: string | undefined): number | null {
  const loudness = Number(text);
  return loudness > -117 ? loudness : null;
}

// The peak of nothing is -inf, which is no JSON.
function toPeak(text: string | undefined): number | null {
  const peak = Number(text);
  return Number.isFinite(peak) ? Math.round(peak * 1000) / 1000 : null;
}

function louder(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}

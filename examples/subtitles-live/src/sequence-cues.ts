import type { Cue } from "@mcai/worker-sdk-media";
import {
  type EbuTtDocument,
  type EbuTtError,
  paragraphs,
  type ResolvedInterval,
  resolve,
  Sequence,
  Time,
  textOf,
} from "@mcai/worker-sdk-media/ebu-ttml";

/**
 * The cues of the documents of a sequence, one for each paragraph. The end of a document is known when the next one replaces it,
 * so its cues are available only then.
 */
export class SequenceCues {
  readonly #sequence = new Sequence();
  /** Arrival and begin of the first document, which documents without a begin are relative to. */
  #first: { readonly arrivalMs: number; readonly begin: Time } | undefined;
  #lastArrivalMs = 0;
  /** The latest end of the cues taken so far: no cue of a later document begins before it. */
  #lastEnd = Time.zero;

  /** @returns The reason why the document was rejected; undefined if it was added. */
  add(document: EbuTtDocument): EbuTtError | undefined {
    const nowMs = performance.now();
    const arrivalMs = document.arrival?.timeMs ?? nowMs;
    const { begin } = resolve(document);
    const first = this.#first ?? { arrivalMs, begin };
    const hasBegin = !begin.equals(Time.zero);
    const availability = hasBegin ? Time.zero : first.begin.plus(toTime(arrivalMs - first.arrivalMs));
    const rejected = this.#sequence.add(document, { availability });
    if (rejected) return rejected;
    this.#first = first;
    this.#lastArrivalMs = nowMs;
    return undefined;
  }

  /** Takes the cues of all documents but the last, ordered by their begin. */
  takeReplaced(): Cue[] {
    const intervals = this.#sequence.intervals();
    const last = intervals.at(-1);
    if (!last) return [];
    const cues = intervals.slice(0, -1).flatMap((interval) => this.#cuesOf(interval, interval.end));
    this.#sequence.forgetBefore(last.begin);
    return cues;
  }

  /** Takes all cues, including those of the last document; if it has no end, it ends now. */
  takeAll(): Cue[] {
    const cues = this.takeReplaced();
    const last = this.#sequence.intervals().at(-1);
    if (!last) return cues;
    const now = last.begin.plus(toTime(performance.now() - this.#lastArrivalMs));
    return [...cues, ...this.#cuesOf(last, last.end ?? now)];
  }

  #cuesOf({ document, begin, times }: ResolvedInterval, end: Time | undefined): Cue[] {
    if (end === undefined) return [];
    const from = latest(begin, this.#lastEnd);
    const cues: Cue[] = [];
    for (const paragraph of paragraphs(document)) {
      const interval = times.intervalOf(paragraph);
      const text = textOf(paragraph);
      if (!interval || text.trim() === "") continue;
      const [start, stop] = [latest(interval.begin, from), earliest(interval.end ?? end, end)];
      if (start.compare(stop) >= 0) continue;
      cues.push({ startMs: start.milliseconds, endMs: stop.milliseconds, text });
      this.#lastEnd = latest(this.#lastEnd, stop);
    }
    return cues.sort((a, b) => a.startMs - b.startMs);
  }
}

const toTime = (ms: number) => Time.fromMicroseconds(Math.round(ms * 1000));
const latest = (a: Time, b: Time) => (a.compare(b) >= 0 ? a : b);
const earliest = (a: Time, b: Time) => (a.compare(b) <= 0 ? a : b);

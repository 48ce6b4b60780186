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
 * The cues of the documents of a sequence, a cue a paragraph. Until when a document is shown is known when the next one is
 * there, which takes its place: its cues come then.
 */
export class SequenceCues {
  readonly #sequence = new Sequence();
  /** When the first document came, and begins: what those that say no begin are measured by. */
  #first: { readonly cameAtMs: number; readonly begin: Time } | undefined;
  #lastCameAtMs = 0;
  /** No cue goes behind those that were given. */
  #givenTo = Time.zero;

  /** @returns why the document is none of the sequence; undefined if it was added. */
  add(document: EbuTtDocument): EbuTtError | undefined {
    const nowMs = performance.now();
    const cameAtMs = document.arrival?.timeMs ?? nowMs;
    const { begin } = resolve(document);
    const first = this.#first ?? { cameAtMs, begin };
    const saysBegin = !begin.equals(Time.zero);
    const availability = saysBegin ? Time.zero : first.begin.plus(toTime(cameAtMs - first.cameAtMs));
    const refused = this.#sequence.add(document, { availability });
    if (refused) return refused;
    this.#first = first;
    this.#lastCameAtMs = nowMs;
    return undefined;
  }

  /** The cues of all documents but the last, in the order in which they begin. */
  takeReplaced(): Cue[] {
    const intervals = this.#sequence.intervals();
    const last = intervals.at(-1);
    if (!last) return [];
    const cues = intervals.slice(0, -1).flatMap((interval) => this.#cuesOf(interval, interval.end));
    this.#sequence.forgetBefore(last.begin);
    return cues;
  }

  /** The cues of the last document too; one that says no end ends now. */
  takeAll(): Cue[] {
    const cues = this.takeReplaced();
    const last = this.#sequence.intervals().at(-1);
    if (!last) return cues;
    const now = last.begin.plus(toTime(performance.now() - this.#lastCameAtMs));
    return [...cues, ...this.#cuesOf(last, last.end ?? now)];
  }

  #cuesOf({ document, begin, times }: ResolvedInterval, end: Time | undefined): Cue[] {
    if (end === undefined) return [];
    const from = latest(begin, this.#givenTo);
    const cues: Cue[] = [];
    for (const paragraph of paragraphs(document)) {
      const interval = times.intervalOf(paragraph);
      const text = textOf(paragraph);
      if (!interval || text.trim() === "") continue;
      const [start, stop] = [latest(interval.begin, from), earliest(interval.end ?? end, end)];
      if (start.compare(stop) >= 0) continue;
      cues.push({ startMs: start.milliseconds, endMs: stop.milliseconds, text });
      this.#givenTo = latest(this.#givenTo, stop);
    }
    return cues.sort((a, b) => a.startMs - b.startMs);
  }
}

const toTime = (ms: number) => Time.fromMicroseconds(Math.round(ms * 1000));
const latest = (a: Time, b: Time) => (a.compare(b) >= 0 ? a : b);
const earliest = (a: Time, b: Time) => (a.compare(b) <= 0 ? a : b);

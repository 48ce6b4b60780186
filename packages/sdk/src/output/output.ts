import { setTimeout } from "node:timers";
import { isMainThread } from "node:worker_threads";
import { type Descriptor, type DescriptorPlan, openDescriptor } from "./descriptor.ts";
import { awaitUntil, Patience } from "./patience.ts";
import { type Dropped, Ring } from "./ring.ts";
import type { SharedLock } from "./shared-lock.ts";

/** The pauses between two attempts to write for a reader that takes nothing. */
const minRetryMs = 1;
const maxRetryMs = 200;

/** What a thread needs in order to write to an output of the process. */
export interface OutputPlan extends DescriptorPlan {
  readonly ring: SharedArrayBuffer;
}

/**
 * An output of the process, as one thread sees it. What its reader takes is written before the call returns. The rest waits in
 * a ring that the threads share; what does not fit there is dropped and counted. No method throws.
 */
export class Output {
  /** Called when a reader takes text again, with what was dropped before. */
  onDropped: (dropped: Dropped) => void = () => undefined;
  /** Whether it can be said now what was dropped. */
  canSayDropped: () => boolean = () => true;
  readonly #lock: SharedLock;
  readonly #ring: Ring;
  readonly #descriptor: Descriptor;
  readonly #patience = new Patience();
  #timer: NodeJS.Timeout | undefined;
  #retryMs = 0;
  #retryAt = 0;

  constructor(plan: OutputPlan, lock: SharedLock) {
    this.#lock = lock;
    this.#ring = new Ring(plan.ring);
    this.#descriptor = openDescriptor(plan);
  }

  /** Whether a line is written, or waits, and is not dropped. */
  get hasRoom(): boolean {
    return !this.#ring.hasDropped && this.#ring.tail - this.#ring.head <= this.#ring.capacity / 2;
  }

  /** Writes text or bytes. */
  write(data: string | Uint8Array): void {
    const maxPieceBytes = this.#ring.capacity / 4;
    // A character has at most three bytes.
    if (3 * data.length <= maxPieceBytes) {
      this.#write(data, false);
      return;
    }
    // More than may wait at once: each piece follows when the reader has taken the one before.
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    let isWhole = true;
    for (let at = 0; at < bytes.length; at += maxPieceBytes) {
      const piece = bytes.subarray(at, at + maxPieceBytes);
      if (isWhole) isWhole = this.#write(piece, at > 0);
      else this.#lock.hold(() => this.#ring.drop(piece, false));
    }
  }

  /** Writes what waits, until nothing is left or the time is over. From now on no write waits. */
  end(deadline: number): void {
    awaitUntil(deadline, () => this.#lock.hold(() => this.#flush()));
    this.#sayDropped();
    this.#patience.end();
  }

  /** Writes what other threads have left. For the main thread, which is free when the others compute. */
  watch(): void {
    const { signal } = this.#ring;
    const change = Atomics.waitAsync(signal, 0, Atomics.load(signal, 0));
    void Promise.resolve(change.value).then(() => {
      this.#retryLater();
      this.watch();
    });
  }

  /** Returns false if the data, or the end of it, was dropped. `isStarted` if it continues a text. */
  #write(data: string | Uint8Array, isStarted: boolean): boolean {
    const outcome = this.#lock.hold(() => this.#put(data, isStarted));
    if (outcome === "written") this.#sayDropped();
    if (typeof outcome === "string") return outcome === "written";
    if (!isMainThread) this.#ring.announce();
    this.#patience.await(this.#ring.head, outcome, () => this.#lock.hold(() => this.#advance()));
    if (this.#ring.isEmpty) this.#sayDropped();
    else this.#retryLater();
    return true;
  }

  /** Writes the data, or puts it into the ring and returns the place of its end. */
  #put(data: string | Uint8Array, isStarted: boolean): "written" | "dropped" | number {
    const ring = this.#ring;
    const text = ring.isCut && !isStarted ? afterLineFeed(data) : data;
    let written = 0;
    if ((this.#retryMs === 0 || performance.now() >= this.#retryAt) && this.#flush()) {
      const taken = this.#try(text);
      written = taken ?? 0;
      if (written > 0) ring.mend();
      if (written === Buffer.byteLength(text)) return "written";
      if (taken === undefined) return this.#drop(data, isStarted);
    }
    const rest = toBytes(text).subarray(written);
    if (!ring.append(rest)) return this.#drop(rest, isStarted || written > 0);
    ring.mend();
    return ring.tail;
  }

  #drop(data: string | Uint8Array, isStarted: boolean): "dropped" {
    this.#ring.drop(toBytes(data), isStarted);
    return "dropped";
  }

  #advance(): number {
    this.#flush();
    return this.#ring.head;
  }

  /** Writes what waits, as far as the reader takes it. Returns whether nothing is left. */
  #flush(): boolean {
    const ring = this.#ring;
    while (!ring.isEmpty) {
      const taken = this.#try(ring.front);
      if (taken === undefined) ring.clear();
      else if (taken === 0) return false;
      else ring.remove(taken);
    }
    return true;
  }

  /** Returns how many bytes were taken; undefined if there is no reader. */
  #try(data: string | Uint8Array): number | undefined {
    let taken: number | undefined;
    try {
      taken = this.#descriptor.write(data);
    } catch {
      // The pipe is closed, the terminal is gone, the disk is full. There is no place to report it.
      this.#patience.stop(this.#ring.tail);
    }
    if (taken) this.#retryMs = 0;
    else {
      this.#retryMs = Math.min(Math.max(2 * this.#retryMs, minRetryMs), maxRetryMs);
      this.#retryAt = performance.now() + this.#retryMs;
    }
    return taken;
  }

  #retryLater(delayMs = this.#retryMs): void {
    if (this.#timer !== undefined) return;
    const retry = () => {
      this.#timer = undefined;
      if (this.#lock.hold(() => this.#flush())) this.#sayDropped();
      else this.#retryLater();
    };
    this.#timer = setTimeout(retry, Math.max(delayMs, minRetryMs)).unref();
  }

  #sayDropped(): void {
    if (!this.#ring.hasDropped || this.#retryMs > 0) return;
    if (!this.canSayDropped()) {
      this.#retryLater(maxRetryMs);
      return;
    }
    const dropped = this.#lock.hold(() => this.#ring.takeDropped());
    if (dropped) this.onDropped(dropped);
  }
}

function toBytes(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? Buffer.from(data) : data;
}

function afterLineFeed(data: string | Uint8Array): string | Uint8Array {
  return typeof data === "string" ? `\n${data}` : Buffer.concat([Buffer.from("\n"), data]);
}

const headerBytes = 64;
const lineFeed = 10;

// Fields of the header, eight bytes each; the last is the signal.
const head = 0;
const tail = 1;
const droppedLines = 2;
const droppedBytes = 3;
const isCut = 4;
const signalOffset = 56;

/** What could not be kept. */
export interface Dropped {
  readonly lines: number;
  readonly sizeBytes: number;
}

/**
 * Bytes that wait for a reader, first in, first out, in memory that the threads share: what a thread leaves here is written
 * although it is blocked or has ended. Every method needs the lock of the output.
 */
export class Ring {
  readonly buffer: SharedArrayBuffer;
  /** Changes when a thread has left something for the others to write; it can be awaited without the lock. */
  readonly signal: Int32Array<SharedArrayBuffer>;
  readonly #fields: Float64Array;
  readonly #bytes: Uint8Array;

  constructor(memory: SharedArrayBuffer | number) {
    this.buffer = typeof memory === "number" ? new SharedArrayBuffer(headerBytes + memory) : memory;
    this.#fields = new Float64Array(this.buffer, 0, headerBytes / 8);
    this.#bytes = new Uint8Array(this.buffer, headerBytes);
    this.signal = new Int32Array(this.buffer, signalOffset, 1);
  }

  /** How many bytes have left the ring since the start. */
  get head(): number {
    return this.#get(head);
  }

  /** How many bytes were ever put into the ring. */
  get tail(): number {
    return this.#get(tail);
  }

  get isEmpty(): boolean {
    return this.head === this.tail;
  }

  get capacity(): number {
    return this.#bytes.length;
  }

  /** Whether something was dropped that has not been said yet. */
  get hasDropped(): boolean {
    return this.#get(droppedBytes) > 0;
  }

  /** Whether a text was cut when a part of it had been written, so that the next one must start a line. */
  get isCut(): boolean {
    return this.#get(isCut) === 1;
  }

  /** Puts bytes at the end. Returns false, and puts nothing, if they do not fit. */
  append(bytes: Uint8Array): boolean {
    if (bytes.length > this.capacity - (this.tail - this.head)) return false;
    if (bytes.length === 0) return true;
    const start = this.tail % this.capacity;
    const room = this.capacity - start;
    this.#bytes.set(bytes.subarray(0, room), start);
    this.#bytes.set(bytes.subarray(room), 0);
    this.#set(tail, this.tail + bytes.length);
    return true;
  }

  /** The bytes at the front that lie next to each other. */
  get front(): Uint8Array {
    const start = this.head % this.capacity;
    return this.#bytes.subarray(start, Math.min(this.capacity, start + this.tail - this.head));
  }

  /** Removes bytes that were written from the front. */
  remove(count: number): void {
    this.#set(head, this.head + count);
  }

  /** Drops everything that waits. */
  clear(): void {
    while (!this.isEmpty) {
      const { front } = this;
      this.drop(front, false);
      this.remove(front.length);
    }
  }

  /** Tells the other threads that something waits. */
  announce(): void {
    Atomics.add(this.signal, 0, 1);
    Atomics.notify(this.signal, 0);
  }

  /** Counts bytes that are dropped; `started` if the text that they end has been written in part. */
  drop(bytes: Uint8Array, started: boolean): void {
    let lines = 0;
    for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) lines++;
    this.#set(droppedLines, this.#get(droppedLines) + lines);
    this.#set(droppedBytes, this.#get(droppedBytes) + bytes.length);
    if (started) this.#set(isCut, 1);
  }

  /** Takes note that a new line was started after a text that was cut. */
  mend(): void {
    this.#set(isCut, 0);
  }

  /** Returns what was dropped since the last call, if a reader has taken most of what waited. */
  takeDropped(): Dropped | undefined {
    const dropped = { lines: this.#get(droppedLines), sizeBytes: this.#get(droppedBytes) };
    if (!this.hasDropped || this.tail - this.head > this.capacity / 2) return undefined;
    this.#set(droppedLines, 0);
    this.#set(droppedBytes, 0);
    return dropped;
  }

  #get(field: number): number {
    return this.#fields[field] ?? 0;
  }

  #set(field: number, value: number): void {
    this.#fields[field] = value;
  }
}

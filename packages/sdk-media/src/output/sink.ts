/** What stands around the pieces of an output when they share one file. */
export interface Framing {
  /** Before the first piece, and alone if there is none. */
  readonly head: string;
  /** Between two pieces. */
  readonly separator: string;
  /** Behind the last piece. */
  readonly tail: string;
}

/**
 * Where an output goes, piece by piece: each is one result, whole in itself. A file puts its {@link Framing} around them;
 * what is sent live goes as it comes, a piece a message.
 */
export interface Sink {
  /** Where what was written stands while it has no name of its own, if it does; undefined otherwise. */
  readonly partialPath: string | undefined;
  /** Takes a piece; resolves when it may be forgotten, in the order of the calls. @throws {MediaError} `OUTPUT_FAILED` */
  write(piece: string): Promise<void>;
  /** The end: all is written, and where it belongs. @throws {MediaError} `OUTPUT_FAILED` */
  finish(): Promise<void>;
  /** The job ended early; never rejects. Does nothing after `finish`. */
  abandon(): Promise<void>;
}

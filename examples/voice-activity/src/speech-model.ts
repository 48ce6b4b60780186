/** A model that recognizes speech. It may run in another thread. */
export interface SpeechModel {
  /** Opens a stream for new audio. */
  open(): Promise<SpeechStream>;
  /** Releases the model. */
  close(): Promise<void>;
}

/** A run of the model over audio from its first sample to its last, with the state of the model. */
export interface SpeechStream {
  /**
   * Takes the next samples, of 16 kHz mono, and returns the probability of speech for each 32 ms, from 0 to 1. The number of
   * samples is a multiple of 512, except at the end. Calls need not wait for each other; they are answered in order. The array
   * is empty afterwards, because it may have been transferred to another thread.
   */
  infer(samples: Float32Array): Promise<Float32Array>;
  /** Ends the stream. */
  close(): void;
}

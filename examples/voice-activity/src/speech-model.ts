/** A model that says where speech is. It may be in another thread. */
export interface SpeechModel {
  /** Begins with a new sound. */
  open(): Promise<SpeechStream>;
  /** Lets go of the model. */
  close(): Promise<void>;
}

/** One sound on its way through the model, from its first sample to its last; the model remembers what it heard. */
export interface SpeechStream {
  /**
   * Takes the next samples, of 16 kHz mono, and gives how likely each 32 ms of them are speech, from 0 to 1. Their number
   * is a multiple of 512, but at the end. Calls need not wait for each other; they are answered in order. The array is
   * empty afterwards: it may have moved to another thread.
   */
  infer(samples: Float32Array): Promise<Float32Array>;
  /** No more samples come. */
  close(): void;
}

import { fileURLToPath } from "node:url";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { SpeechModel, SpeechStream } from "./speech-model.ts";

/** The samples that one run of the model rates. */
const stepSamples = 512;
/** The previous samples that it gets as context. */
const contextSamples = 64;

/** Silero VAD, version 6. It computes in the calling thread, and blocks it. */
export class SileroVad implements SpeechModel {
  readonly #session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  static async load(): Promise<SileroVad> {
    const path = fileURLToPath(import.meta.resolve("@ricky0123/vad-web/dist/silero_vad_v6.onnx"));
    // A model this small is slower with several threads, and they would take cores from the decoder.
    return new SileroVad(await InferenceSession.create(path, { intraOpNumThreads: 1, interOpNumThreads: 1 }));
  }

  async open(): Promise<SpeechStream> {
    return new SileroStream(this.#session);
  }

  close(): Promise<void> {
    return this.#session.release();
  }
}

class SileroStream implements SpeechStream {
  readonly #session: InferenceSession;
  readonly #samples = new Float32Array(contextSamples + stepSamples);
  readonly #input = new Tensor("float32", this.#samples, [1, this.#samples.length]);
  readonly #sampleRate = new Tensor("int64", BigInt64Array.of(16_000n), []);
  /** The state of the model: an output of each run, and an input of the next. */
  #state: Tensor = new Tensor("float32", new Float32Array(2 * 128), [2, 1, 128]);
  #last: Promise<unknown> = Promise.resolve();

  constructor(session: InferenceSession) {
    this.#session = session;
  }

  infer(samples: Float32Array): Promise<Float32Array> {
    // Each window needs the state after the previous one.
    const answer = this.#last.then(() => this.#infer(samples));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async #infer(samples: Float32Array): Promise<Float32Array> {
    const probabilities = new Float32Array(Math.ceil(samples.length / stepSamples));
    for (let i = 0; i < probabilities.length; i++)
      probabilities[i] = await this.#step(samples.subarray(i * stepSamples, (i + 1) * stepSamples));
    return probabilities;
  }

  async #step(samples: Float32Array): Promise<number> {
    // The end of the previous step is the context of this one. Missing samples at the end of the audio are silence.
    this.#samples.copyWithin(0, stepSamples);
    this.#samples.fill(0, contextSamples + samples.length);
    this.#samples.set(samples, contextSamples);
    const { output, stateN } = await this.#session.run({
      input: this.#input,
      state: this.#state,
      sr: this.#sampleRate,
    });
    if (!output || !stateN) throw new Error("Silero VAD has no outputs of these names");
    this.#state = stateN;
    return output.data[0] as number;
  }

  close(): void {}
}

import { fileURLToPath } from "node:url";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { SpeechModel, SpeechStream } from "./speech-model.ts";

/** How much sound one run of the model looks at, in samples. */
const stepSamples = 512;
/** What it also sees of the sound before that. */
const contextSamples = 64;

/** Silero VAD, version 6. It computes in the thread that calls it, and holds it meanwhile. */
export class SileroVad implements SpeechModel {
  readonly #session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  static async load(): Promise<SileroVad> {
    const path = fileURLToPath(import.meta.resolve("@ricky0123/vad-web/dist/silero_vad_v6.onnx"));
    // So small a model is slower in several threads, and would take the decoder's cores.
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
  /** What the model remembers: the output of one run is an input of the next. */
  #state: Tensor = new Tensor("float32", new Float32Array(2 * 128), [2, 1, 128]);
  #last: Promise<unknown> = Promise.resolve();

  constructor(session: InferenceSession) {
    this.#session = session;
  }

  infer(samples: Float32Array): Promise<Float32Array> {
    // Each window needs what the model remembers of the one before.
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
    // The end of the last step is the context of this one; what is missing at the end of the sound is silence.
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

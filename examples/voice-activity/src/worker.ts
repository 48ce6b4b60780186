import { Type } from "@mcai/worker-sdk";
import { defineMediaWorker, pcmStream } from "@mcai/worker-sdk-media";
import { BoundedQueue } from "./bounded-queue.ts";
import { InferenceThread } from "./inference-thread.ts";
import type { SpeechModel } from "./speech-model.ts";
import { type SpeechSegment, SpeechSegments } from "./speech-segments.ts";

/** 64 steps of the model, which take about 10 ms: passing a window to its thread costs little compared with that. */
const windowMs = 2048;
/** One that the model computes, and one that is available when it has finished, even if the decoder blocks the job thread. */
const maxPendingWindows = 2;

export default defineMediaWorker({
  parameters: Type.Object({
    threshold: Type.Number({
      default: 0.5,
      minimum: 0.01,
      maximum: 1,
      description: "Probability at which speech begins",
    }),
    minimum_speech_ms: Type.Integer({ default: 250, minimum: 0, description: "Speech that is not longer is ignored" }),
    minimum_silence_ms: Type.Integer({
      default: 100,
      minimum: 0,
      description: "Shorter pauses are part of the speech",
    }),
    padding_ms: Type.Integer({ default: 30, minimum: 0, description: "Time added before and after the speech" }),
  }),
  results: Type.Object({ speech_ms: Type.Integer(), segments: Type.Integer() }),
  setup: (): Promise<SpeechModel> => InferenceThread.start(),
  teardown: (model) => model.close(),
  async initProcess(format, parameters, job, model) {
    const rules = {
      threshold: parameters.threshold,
      minimumSpeechMs: parameters.minimum_speech_ms,
      minimumSilenceMs: parameters.minimum_silence_ms,
      paddingMs: parameters.padding_ms,
    };
    const audio = format.first("audio");
    const found = { speech_ms: 0, segments: 0 };
    const json = job.output.json();
    const write = async (segments: readonly SpeechSegment[]) => {
      for (const segment of segments) {
        const [startMs, endMs] = [Math.round(segment.startMs), Math.round(segment.endMs)];
        await json.write({ startMs, endMs });
        found.speech_ms += endMs - startMs;
        found.segments++;
      }
    };

    let speech: SpeechSegments | undefined;
    let endMs = 0;
    const stream = await model.open();
    const queue = new BoundedQueue(maxPendingWindows, (answer: Float32Array) => write(speech?.add(answer) ?? []));
    return {
      streams: [
        pcmStream(audio, { sampleRate: 16_000, windowMs }, async (window) => {
          speech ??= new SpeechSegments(rules, window.startMs);
          endMs = window.endMs;
          await queue.add(() => stream.infer(window.samples));
        }),
      ],
      async endingProcess(why) {
        try {
          if (why === "failed") return;
          await queue.drain();
          await write(speech?.end(endMs) ?? []);
          return { parameters: found };
        } finally {
          stream.close();
        }
      },
    };
  },
});

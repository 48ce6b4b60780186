// The worker, with a job thread that exits while the inference thread computes a window.
import { isMainThread } from "node:worker_threads";
import { runWorker } from "@mcai/worker-sdk";
import worker from "../dist/worker.js";

export default {
  ...worker,
  /**
   * @param {Parameters<typeof worker.initProcess>[0]} parameters
   * @param {Parameters<typeof worker.initProcess>[1]} job
   * @param {import("../src/speech-model.ts").SpeechModel} model
   */
  initProcess(parameters, job, model) {
    let windows = 0;
    const open = async () => {
      const stream = await model.open();
      /** @param {Float32Array} samples */
      const infer = (samples) => {
        const answer = stream.infer(samples);
        if (++windows === 4) process.exit(3);
        return answer;
      };
      return { infer, close: () => stream.close() };
    };
    return worker.initProcess(parameters, job, { open, close: () => model.close() });
  },
};

if (isMainThread) await runWorker(new URL(import.meta.url));

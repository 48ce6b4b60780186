// The worker, with a job thread that exits while the inference thread computes a window.
import { isMainThread } from "node:worker_threads";
import { runWorker } from "@mcai/worker-sdk";
import worker from "../dist/worker.js";

export default {
  ...worker,
  initProcess(parameters, job, model) {
    let windows = 0;
    const open = async () => {
      const stream = await model.open();
      const infer = (samples) => {
        const answer = stream.infer(samples);
        if (++windows === 4) process.exit(3);
        return answer;
      };
      return { infer, close: () => stream.close() };
    };
    return worker.initProcess(parameters, job, { open });
  },
};

if (isMainThread) await runWorker(new URL(import.meta.url));

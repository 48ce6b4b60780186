import { defineLiveWorker, defineWorker, type Job, Type } from "../../src/index.ts";
import type { TestWorker } from "../../src/testing.ts";

/** Creates a worker whose jobs end when the test opens a gate. */
export function gated() {
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const worker = defineWorker({
    parameters: Type.Object({ n: Type.Integer({ default: 1 }) }),
    async process({ n }, job: Job) {
      const stopped = new Promise((_, reject) => job.signal.addEventListener("abort", () => reject(job.signal.reason)));
      await Promise.race([gate, stopped]);
      return { parameters: { n } };
    },
  });
  return { worker, open };
}

/** Creates a worker with initProcess that records its calls. */
export function live(calls: string[]) {
  return defineLiveWorker({
    parameters: Type.Object({ language: Type.String({ default: "fr" }), fail: Type.Optional(Type.String()) }),
    initProcess({ language, fail }, job) {
      calls.push(`init ${language}`);
      if (fail === "init") throw new Error("no source");
      return {
        async run() {
          calls.push("run");
          job.progress(1);
          if (fail === "run") throw new Error("cut");
          if (fail !== "never")
            await new Promise((_, reject) => job.signal.addEventListener("abort", () => reject(job.signal.reason)));
        },
        updateProcess(changed) {
          calls.push(`update ${JSON.stringify(changed)}`);
          if (changed.language === "xx") throw new Error("no such language");
        },
        endingProcess(why) {
          calls.push(`ending ${why}`);
          return { parameters: { cues: 3 } };
        },
      };
    },
  });
}

export const kinds = (worker: TestWorker) => worker.responses.map(({ kind }) => kind);

export function disposable(worker: TestWorker): AsyncDisposable & { worker: TestWorker } {
  return { worker, [Symbol.asyncDispose]: () => worker.close() };
}

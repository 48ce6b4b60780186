import { setTimeout as delay, setImmediate as tick } from "node:timers/promises";
import { defineLiveWorker, JobPostponed, Type } from "../../src/index.ts";

/** What a job of the model does. */
export const behaviours = [
  "quick",
  "slow",
  "waits for a stop",
  "ignores a stop",
  "throws",
  "throws at once",
  "floods",
  "bad result",
  "large error",
  "postpones",
] as const;

/** A worker whose jobs do what their parameter says. */
export const modelWorker = defineLiveWorker({
  parameters: Type.Object({ does: Type.Enum([...behaviours]), level: Type.Integer({ default: 0 }) }),
  initProcess({ does }, job) {
    if (does === "throws at once") throw new Error("thrown on purpose by initProcess");
    return {
      async run() {
        if (does === "throws") throw new Error("thrown on purpose");
        if (does === "postpones") throw new JobPostponed("postponed on purpose");
        if (does === "large error") throw new Error("x".repeat(200_000));
        if (does === "bad result") return { parameters: { at: new Date(0) } } as never;
        if (does === "slow")
          for (let i = 0; i < 4; i++) {
            job.progress(i * 25);
            await delay(1);
            await job.checkpoint();
          }
        if (does === "floods") for (let i = 0; i < 2000; i++) job.progress(i % 2 ? 20 : 10);
        if (does === "ignores a stop") await new Promise(() => undefined);
        // Not a loop: the job must end with its thread.
        if (does === "waits for a stop")
          await new Promise((_, reject) => {
            job.signal.addEventListener("abort", () => reject(job.signal.reason));
          });
        return { parameters: { does } };
      },
      async updateProcess({ level }) {
        if (level === 13) throw new Error("no such level");
        await tick();
      },
    };
  },
});

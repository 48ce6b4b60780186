// @ts-check
import { defineLiveWorker, Type } from "@mcai/worker-sdk";

// Runs until it is stopped, and returns the words that it got in the meantime.
export default defineLiveWorker({
  parameters: Type.Object({ word: Type.String({ default: "first" }), fail: Type.Boolean({ default: false }) }),
  results: Type.Object({ words: Type.Array(Type.String()), why: Type.String() }),
  initProcess({ word, fail }, job) {
    if (fail) throw new Error("initialisation failed on purpose");
    const words = [word];
    return {
      async run() {
        job.progress(10);
        for (;;)
          await new Promise((_, reject) => {
            job.signal.addEventListener("abort", () => reject(job.signal.reason), { once: true });
          });
      },
      updateProcess: (changed) => {
        if (changed.word === "refused") throw new Error("that word is refused");
        if (changed.word !== undefined) words.push(changed.word);
      },
      endingProcess: (why) => ({ parameters: { words, why } }),
    };
  },
});

import { defineWorker, Type } from "@mcai/worker-sdk";

const text = "x".repeat(1000);

/** Prints 45 lines of 1 kB to each stream. */
export default defineWorker({
  parameters: Type.Object({}),
  process(_, job) {
    for (let line = 0; line < 45; line++) {
      console.log(`out ${job.id} ${line} ${text}`);
      if (line % 2 === 0) console.error(`err ${job.id} ${line} ${text}`);
      else job.log.info(`log ${job.id} ${line} ${text}`);
    }
  },
});

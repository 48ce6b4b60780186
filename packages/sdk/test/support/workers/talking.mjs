// @ts-check
import { pbkdf2Sync } from "node:crypto";
import { appendFileSync, existsSync } from "node:fs";
import { defineWorker, Type } from "@mcai/worker-sdk";

/** Prints lines to both streams, and writes its id to the file `DONE` at its end. */
export default defineWorker({
  parameters: Type.Object({
    lines: Type.Integer({ default: 1 }),
    /** The job prints again each 10 ms until this file exists, or until it is stopped. */
    until: Type.Optional(Type.String()),
    /** The job then ends in a native call, which holds its thread. */
    isHeld: Type.Boolean({ default: false }),
  }),
  async process({ lines, until, isHeld }, job) {
    const text = "x".repeat(1000);
    for (let line = 0; line < lines; line++) {
      console.log(`out ${job.id} ${line} ${text}`);
      console.error(`err ${job.id} ${line} ${text}`);
      job.log.info(`log ${job.id} ${line}`);
    }
    if (isHeld) {
      appendFileSync(process.env.DONE ?? "", `printed ${job.id}\n`);
      pbkdf2Sync("a", "b", 2_000_000_000, 64, "sha512");
    }
    if (until !== undefined) {
      appendFileSync(process.env.DONE ?? "", `printed ${job.id}\n`);
      while (!existsSync(until) && !job.stopped) {
        console.log("tick");
        console.error("tick");
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    appendFileSync(process.env.DONE ?? "", `done ${job.id}\n`);
  },
});

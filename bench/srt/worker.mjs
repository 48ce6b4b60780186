// Parses EBU-TT Live that comes by SRT, and writes it to SRT again, after as many milliseconds as it is told.
import { setTimeout as delay } from "node:timers/promises";
import { Type } from "@mcai/worker-sdk";
import { defineMediaWorker, ebuTtmlStream } from "@mcai/worker-sdk-media";

export default defineMediaWorker({
  parameters: Type.Object({ handler_ms: Type.Integer(), concurrency: Type.Integer() }),
  initProcess: (format, { destination_path, handler_ms: handlerMs, concurrency }, job) => {
    const output = job.output.ebuTtml(destination_path);
    return {
      streams: [
        ebuTtmlStream(format.first("ebu-ttml"), { concurrency }, async ([document]) => {
          if (handlerMs > 0) await delay(handlerMs);
          await output.write(document);
        }),
      ],
    };
  },
});

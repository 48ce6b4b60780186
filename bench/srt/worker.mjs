// Sends on what comes by SRT, after as many milliseconds as it is told.
import { setTimeout as delay } from "node:timers/promises";
import { Type } from "@mcai/worker-sdk";
import { dataStream, defineMediaWorker } from "@mcai/worker-sdk-media";

export default defineMediaWorker({
  parameters: Type.Object({ handler_ms: Type.Integer() }),
  initProcess: (format, { handler_ms: handlerMs }, job) => ({
    streams: [
      dataStream(format.first("data"), {}, async ([packet]) => {
        if (handlerMs > 0) await delay(handlerMs);
        await job.output.srt().write(packet.data);
      }),
    ],
  }),
});

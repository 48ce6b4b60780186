import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Type } from "@mcai/worker-sdk";
import { defineMediaWorker, ebuTtmlStream } from "@mcai/worker-sdk-media";
import { paragraphs, resolve, textOf } from "@mcai/worker-sdk-media/ebu-ttml";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");

// Forwards documents, writes their cues, and measures its memory every 300 documents. Pauses once if an order says so.
export default defineMediaWorker({
  parameters: Type.Object({ cues_path: Type.String(), pause_after: Type.Integer(), pause_ms: Type.Integer() }),
  results: Type.Object({ heap_mb: Type.Array(Type.Number()), rss_mb: Type.Array(Type.Number()) }),
  initProcess(format, { cues_path: path, pause_after: pauseAfter, pause_ms: pauseMs }, job) {
    const documents = job.output.ebuTtml();
    const cues = job.output.webvtt(path);
    /** @type {number[]} */
    const heapMb = [];
    /** @type {number[]} */
    const rssMb = [];
    let count = 0;
    return {
      streams: [
        ebuTtmlStream(format.first("ebu-ttml"), {}, async ([document]) => {
          if (!document) return;
          await documents.write(document);
          const shown = resolve(document);
          for (const p of paragraphs(document)) {
            const { begin, end } = shown.intervalOf(p) ?? {};
            if (begin && end)
              await cues.write({ startMs: begin.milliseconds, endMs: end.milliseconds, text: textOf(p) });
          }
          count++;
          if (count === pauseAfter) await delay(pauseMs);
          if (count % 300 > 0) return;
          collectGarbage();
          const { heapUsed, external, rss } = process.memoryUsage();
          heapMb.push((heapUsed + external) / 1e6);
          rssMb.push(rss / 1e6);
        }),
      ],
      endingProcess: () => ({ parameters: { heap_mb: heapMb, rss_mb: rssMb } }),
    };
  },
});

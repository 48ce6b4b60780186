import { Type } from "@mcai/worker-sdk";
import { dataStream, defineMediaWorker } from "@mcai/worker-sdk-media";

// Forwards data after a word that an update can change.
export default defineMediaWorker({
  parameters: Type.Object({ word: Type.String({ default: "first" }) }),
  results: Type.Object({ count: Type.Integer(), why: Type.String() }),
  initProcess(format, parameters, job) {
    let { word } = parameters;
    let count = 0;
    return {
      streams: [
        dataStream(format.first("data"), {}, async ([packet]) => {
          count++;
          await job.output.srt().write(`${word} ${Buffer.from(packet?.data ?? [])}`);
        }),
      ],
      updateProcess: (changed) => {
        word = changed.word ?? word;
      },
      endingProcess: (why) => ({ parameters: { count, why } }),
    };
  },
});

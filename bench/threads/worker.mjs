// Decodes, and runs a model of about 20 ms on each frame if the parameters say so.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Worker } from "node:worker_threads";
import { Type } from "@mcai/worker-sdk";
import { defineMediaWorker, videoStream } from "@mcai/worker-sdk-media";

/** @import { VideoFrame, VideoStreamOptions } from "@mcai/worker-sdk-media" */

/** How many frames may be on their way to the model. */
const ahead = 2;

export default defineMediaWorker({
  parameters: Type.Object({ model: Type.Boolean({ default: false }), repeats: Type.Integer({ default: 1 }) }),
  initProcess(format, { model, repeats }) {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const startMs = performance.now();
    const startCpu = process.cpuUsage();
    const thread = model ? new Worker(new URL("./model.mjs", import.meta.url), { workerData: { repeats } }) : undefined;
    /** @type {Promise<void>[]} */
    const answers = [];
    /** @type {(() => void)[]} */
    const resolvers = [];
    thread?.on("message", () => resolvers.shift()?.());
    let frames = 0;
    delay.enable();
    /** @param {VideoFrame} frame */
    const infer = async (frame) => {
      const bytes = frame.packed();
      answers.push(new Promise((resolve) => resolvers.push(resolve)));
      thread?.postMessage(bytes, [/** @type {ArrayBuffer} */ (bytes.buffer)]);
      if (answers.length >= ahead) await answers.shift();
    };
    /** @type {VideoStreamOptions} */
    const options = model ? { width: 224, height: 224, pixelFormat: "rgb24", frameRate: 5 } : {};
    /** @param {readonly VideoFrame[]} batch */
    const take = async (batch) => {
      frames += batch.length;
      if (thread) for (const frame of batch) await infer(frame);
    };
    return {
      streams: [videoStream(format.first("video"), options, take)],
      async endingProcess() {
        await Promise.all(answers);
        await thread?.terminate();
        delay.disable();
        const { user, system } = process.cpuUsage(startCpu);
        console.log(
          JSON.stringify({
            frames,
            wallMs: performance.now() - startMs,
            cpuMs: (user + system) / 1000,
            jobP99Ms: delay.percentile(99) / 1e6,
            jobMaxMs: delay.max / 1e6,
          }),
        );
      },
    };
  },
});

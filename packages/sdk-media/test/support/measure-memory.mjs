// Runs media jobs in this process, and prints its memory use. Usage: node measure-memory.mjs jobs|slow source [count]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Type } from "@mcai/worker-sdk";
import { runJob } from "@mcai/worker-sdk/testing";
import { audioStream, defineMediaWorker, pcmStream, videoStream } from "@mcai/worker-sdk-media";
import { source, startMediaJob } from "@mcai/worker-sdk-media/testing";

const [mode, path = "", count = "1"] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "mcai-memory-"));
const rssMb = () => Math.round(process.memoryUsage.rss() / 1e6);
/** @param {number} ms */
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Does everything that a job can do with frames: planes, copies, filters, windows, results.
const worker = defineMediaWorker({
  parameters: Type.Object({ fails: Type.Boolean({ default: false }) }),
  initProcess(format, { fails }) {
    let frames = 0;
    let windows = 0;
    /** @type {import("@mcai/worker-sdk-media").StreamDescriptor[]} */
    const streams = [];
    for (const stream of format.streams) {
      const isSecond = streams.some(({ kind }) => kind === stream.kind);
      if (stream.kind === "video" && isSecond)
        streams.push(videoStream(stream, { width: 64, pixelFormat: "rgb24" }, ([frame]) => void frame?.tensor()));
      else if (stream.kind === "video")
        streams.push(
          videoStream(stream, {}, ([frame]) => {
            if (!frame) return undefined;
            frames++;
            if (fails && frames > 20) throw new Error("as it was asked");
            return { timeMs: frame.timeMs, bytes: (frame.planes[0]?.length ?? 0) + frame.packed().length };
          }),
        );
      else if (stream.kind === "audio" && isSecond)
        streams.push(audioStream(stream, { sampleRate: 22_050 }, ([frame]) => void frame?.samples()));
      else if (stream.kind === "audio")
        streams.push(
          pcmStream(stream, { sampleRate: 16_000, windowMs: 1000, overlapMs: 500 }, () => {
            windows++;
          }),
        );
    }
    return { streams, endingProcess: () => ({ parameters: { frames, windows } }) };
  },
});

async function runJobs() {
  /** @type {number[]} */
  const afterMb = [];
  /** @type {import("@mcai/worker-sdk/testing").JobOutcome | undefined} */
  let last;
  for (let i = 0; i < Number(count); i++) {
    const values = { source_path: path, destination_path: join(folder, "results.json") };
    // Some jobs fail, and some are stopped.
    const options = i % 10 === 8 ? { stopAfterProgress: 30 } : {};
    const outcome = await runJob(worker, { ...values, fails: i % 10 === 4 }, options);
    if (outcome.status === "completed") last = outcome;
    else if (i % 10 !== 4 && i % 10 !== 8) throw new Error(outcome.message);
    afterMb.push(rssMb());
  }
  return { ...last?.parameters, afterMb };
}

// A slow handler for large frames.
async function runSlow() {
  let frames = 0;
  const slow = defineMediaWorker({
    parameters: Type.Object({}),
    initProcess: (format) => ({
      streams: [
        videoStream(format.first("video"), {}, async () => {
          frames++;
          await sleep(20);
        }),
      ],
    }),
  });
  const outcome = await startMediaJob(slow, { source: source.lavfi(path) }).result;
  if (outcome.status !== "completed") throw new Error(outcome.message);
  return { frames };
}

const result = await (mode === "slow" ? runSlow() : runJobs());
rmSync(folder, { recursive: true });
console.log(JSON.stringify({ ...result, peakMb: Math.round(process.resourceUsage().maxRSS / 1000) }));

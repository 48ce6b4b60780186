import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { Worker } from "node:worker_threads";
import { startTestWorker } from "@mcai/worker-sdk/testing";
import { source, startMediaJob } from "@mcai/worker-sdk-media/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
// The built worker, because its thread cannot run TypeScript.
import { InferenceThread } from "../dist/inference-thread.js";
import type { SpeechModel, SpeechStream } from "../dist/speech-model.js";
import worker from "../dist/worker.js";
import reference from "./reference.json" with { type: "json" };

const example = fileURLToPath(new URL("..", import.meta.url));
const clip = join(example, "media", "speech.flac");
// The positions of the words in media/make-speech.sh.
const spoken = [
  { startMs: 2000, endMs: 4877 },
  { startMs: 7000, endMs: 9124 },
  { startMs: 9396, endMs: 11_221 },
];

type Segment = (typeof spoken)[number];
type Infer = SpeechStream["infer"];

let thread: SpeechModel;
let model: SpeechModel;
beforeAll(async () => {
  thread = await InferenceThread.start();
  model = watched((infer, samples) => infer(samples));
});
afterAll(() => thread.close());

/** Wraps a model so that `watch` sees each window. Closing the wrapper does not close the model. */
function watched(watch: (infer: Infer, samples: Float32Array) => ReturnType<Infer>, of = thread): SpeechModel {
  return {
    async open() {
      const stream = await of.open();
      return { infer: (samples) => watch((given) => stream.infer(given), samples), close: () => stream.close() };
    },
    close: async () => undefined,
  };
}

function segmentsOf(outcome: { output(): unknown }): Segment[] {
  return (outcome.output() as { frames: Segment[] }).frames;
}

/** Passes a run the list of the threads that are started during it. */
async function withThreads(run: (threads: readonly Worker[]) => Promise<void>): Promise<void> {
  const threads: Worker[] = [];
  const add = (thread: Worker) => void threads.push(thread);
  process.on("worker", add);
  await run(threads).finally(() => process.off("worker", add));
}

describe("speech", () => {
  it("is found where it was put", async () => {
    const outcome = await startMediaJob(worker, { source: clip, context: model }).result;
    expect(outcome).toMatchObject({ status: "completed", message: "" });
    const found = segmentsOf(outcome);
    expect(found).toHaveLength(spoken.length);
    for (const [i, { startMs, endMs }] of spoken.entries()) {
      expect(Math.abs((found[i]?.startMs ?? 0) - startMs)).toBeLessThanOrEqual(300);
      expect(Math.abs((found[i]?.endMs ?? 0) - endMs)).toBeLessThanOrEqual(300);
    }
    const speech_ms = found.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
    expect(outcome.parameters).toEqual({ speech_ms, segments: 3 });
  });

  it("has the probability that Silero's package gives, every 32 ms", async () => {
    const probabilities: number[] = [];
    const context = watched(async (infer, samples) => {
      const answer = await infer(samples);
      probabilities.push(...answer);
      return answer;
    });
    await startMediaJob(worker, { source: clip, context }).result;
    expect(probabilities).toHaveLength(reference.probabilities.length);
    for (const [i, probability] of probabilities.entries())
      expect(probability).toBeCloseTo(reference.probabilities[i] ?? Number.NaN, 3);
  });

  it.each(reference.cases)(
    "is divided into the segments that Silero's package gives for $parameters",
    async ({ parameters, segments }) => {
      const outcome = await startMediaJob(worker, { source: clip, context: model, parameters }).result;
      expect(segmentsOf(outcome)).toEqual(segments);
    },
  );

  it.each([
    ["silence", "anullsrc=r=16000:d=10"],
    ["low noise", "anoisesrc=r=48000:amplitude=0.005:seed=1:d=10"],
    ["a hum", "sine=f=100:r=44100:d=10,volume=0.05"],
  ])("is not found in %s", async (_, graph) => {
    const outcome = await startMediaJob(worker, { source: source.lavfi(graph), context: model }).result;
    expect(outcome).toMatchObject({ status: "completed", parameters: { speech_ms: 0, segments: 0 } });
    expect(segmentsOf(outcome)).toEqual([]);
  });

  it("is kept when the job is stopped", async () => {
    let windows = 0;
    const context = watched((infer, samples) => {
      if (++windows === 12) job.stop();
      return infer(samples);
    });
    const endless = source.lavfi(`amovie=${relative(process.cwd(), clip)}:loop=0,asetpts=N/SR/TB`);
    const job = startMediaJob(worker, { source: endless, context });
    const outcome = await job.result;
    expect(outcome.status).toBe("stopped");
    const found = segmentsOf(outcome);
    expect(found.slice(0, 3)).toEqual(reference.cases[0]?.segments);
    expect(outcome.parameters).toMatchObject({ segments: found.length });
  });
});

describe("the inference thread", () => {
  it("is started once for all jobs, keeps no state between them, and ends with the worker", async () => {
    const folder = await mkdtemp(join(tmpdir(), "mcai-voice-"));
    const environment = { SOURCE_PATH: clip, DESTINATION_PATH: join(folder, "speech.json") };
    const order = await readFile(new URL("../message.json", import.meta.url));
    await withThreads(async (threads) => {
      const testWorker = await startTestWorker(worker, { environment });
      for (const _ of ["first", "second"]) {
        await testWorker.send(order);
        await testWorker.next("job_completed");
        const { frames } = JSON.parse(await readFile(environment.DESTINATION_PATH, "utf8")) as { frames: unknown };
        expect(frames).toEqual(reference.cases[1]?.segments);
      }
      await testWorker.close();
      // A thread that has ended has the id -1.
      expect(threads.map(({ threadId }) => threadId)).toEqual([-1]);
    });
    await rm(folder, { recursive: true });
  });

  it("always has exactly one more window available while it computes", async () => {
    let pending = 0;
    const counts: number[] = [];
    const context = watched(async (infer, samples) => {
      counts.push(++pending);
      return infer(samples).finally(() => pending--);
    });
    await startMediaJob(worker, { source: clip, context }).result;
    expect(Math.max(...counts)).toBe(2);
    expect(counts).toHaveLength(6);
  });

  it("fails the job when it ends, and is started again for the next one", async () => {
    await withThreads(async (threads) => {
      const temporary = await InferenceThread.start();
      let windows = 0;
      let last: Promise<unknown> = Promise.resolve();
      const context = watched(async (infer, samples) => {
        if (++windows === 4) {
          // Terminating the thread within the model would abort the process.
          await last;
          void threads[0]?.terminate();
        }
        const answer = infer(samples);
        last = answer;
        return answer;
      }, temporary);
      const message = expect.stringContaining("The inference thread exited with code 1");
      const failed = await startMediaJob(worker, { source: clip, context }).result;
      expect(failed).toMatchObject({ status: "error", message });
      const next = await startMediaJob(worker, { source: clip, context }).result;
      expect(segmentsOf(next)).toEqual(reference.cases[0]?.segments);
      await temporary.close();
      expect(threads).toHaveLength(2);
    });
  });

  it("fails the job with the error of the model, and continues", async () => {
    const context = watched((infer) => infer({ length: 512, buffer: new ArrayBuffer(8) } as Float32Array));
    const outcome = await startMediaJob(worker, { source: clip, context }).result;
    expect(outcome).toMatchObject({ status: "error", message: "TypeError: samples.subarray is not a function" });
    expect(await startMediaJob(worker, { source: clip, context: model }).result).toMatchObject({ status: "completed" });
  });

  it("names the missing module when it cannot start", { timeout: 30_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "mcai-voice-"));
    await cp(join(example, "dist"), folder, { recursive: true });
    const start = "import(process.argv[1]).then(({ InferenceThread }) => InferenceThread.start())";
    const args = ["-e", start, pathToFileURL(join(folder, "inference-thread.js")).href];
    await expect(promisify(execFile)(process.execPath, args)).rejects.toThrow(
      /Error: The inference thread failed: .*'onnxruntime-node'/,
    );
    await rm(folder, { recursive: true });
  });

  describe("of a real worker", { timeout: 30_000 }, () => {
    /** Runs local orders with a module. */
    async function run(module: string, orders: number) {
      const folder = await mkdtemp(join(tmpdir(), "mcai-voice-"));
      const SOURCE_ORDERS = Array(orders).fill(join(example, "message.json")).join(delimiter);
      const DESTINATION_PATH = join(folder, "speech.json");
      const env = { PATH: process.env.PATH, SOURCE_ORDERS, SOURCE_PATH: clip, DESTINATION_PATH, MCAI_LOG: "debug" };
      const child = promisify(execFile)(process.execPath, [join(example, module)], { env });
      const { stderr, code } = await child.then(
        ({ stderr }) => ({ stderr, code: 0 }),
        (error: { stderr: string; code: number | null }) => error,
      );
      const text = await readFile(DESTINATION_PATH, "utf8").catch(() => '{"frames":[]}');
      await rm(folder, { recursive: true });
      return { stderr, code, ...(JSON.parse(text) as { frames: Segment[] }) };
    }

    it("does its work, and lets the worker exit", async () => {
      const { stderr, code, frames } = await run("dist/main.js", 1);
      expect(stderr).toMatch(/"Completed":\{"job_id":1236,.*"id":"segments","type":"integer","store":null,"value":2/);
      expect(code).toBe(0);
      expect(frames).toEqual(reference.cases[1]?.segments);
    });

    it("ends with its job thread, and the process continues with the next job", async () => {
      const { stderr, code } = await run("test/ending-worker.mjs", 2);
      expect(stderr.match(/"Error":\{"job_id":1236,.*The job thread exited unexpectedly: exit code 3/g)).toHaveLength(
        2,
      );
      expect(code).toBe(1);
    });
  });
});

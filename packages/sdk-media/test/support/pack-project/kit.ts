// Runs the workers in the packed test kit and prints their outcomes.
import { Type } from "@mcai/worker-sdk";
import { source, startMediaJob, type TestMediaJob } from "@mcai/worker-sdk-media/testing";
import worker, { Ported, same } from "./worker.ts";

const frames = Array.from({ length: 10 }, (_, i) => new Uint8Array(16 * 16 * 3).fill(i < 4 ? 10 : 200));
const job = startMediaJob(worker, {
  source: source.rgb24(frames, { width: 16, height: 16 }),
  parameters: { level: 150 },
});
// @ts-expect-error: it is a number
void (() => job.update({ level: "high" }));
const outcome = await job.result;
same<typeof outcome.status, "completed" | "stopped" | "error">();

const started: TestMediaJob<never> | object = startMediaJob(new Ported(Type.Object({ name: Type.String() })), {
  source: source.lavfi("testsrc2=r=25:d=1"),
});
const ported = await (started as typeof job).result;
console.log(JSON.stringify({ outcome, output: outcome.output(), ported }));

import { type Static, Type } from "@mcai/worker-sdk";
import { expect, it } from "vitest";
import {
  AudioStreamDescriptor,
  type FormatContext,
  MediaWorker,
  type PortedFrame,
  VideoStreamDescriptor,
} from "../src/index.ts";
import { source, startMediaJob } from "../src/testing.ts";

const parameters = Type.Object({ action: Type.String({ default: "video" }) });

/** A ported Python worker: state in the instance, one handler for all streams. */
class Ported extends MediaWorker<typeof parameters> {
  ended = 0;
  #batches = 0;

  initProcess(format: FormatContext, { action }: Static<typeof parameters>) {
    if (action === "none") return [];
    if (action === "absent") return [new VideoStreamDescriptor(9)];
    if (action === "audio") return [new AudioStreamDescriptor(format.first("audio").index)];
    return [
      new VideoStreamDescriptor(format.first("video").index, [{ name: "fps", label: "slow", parameters: { fps: 5 } }]),
    ];
  }

  processFrames(jobId: number, streamIndex: number, frames: PortedFrame[]) {
    this.#batches++;
    return { job_id: jobId, stream: streamIndex, n: frames.length, batch: this.#batches };
  }

  override endingProcess() {
    this.ended++;
  }
}

it("runs a media job as a worker of the Python SDK does", async () => {
  const worker = new Ported(parameters);
  const options = { source: source.lavfi("testsrc2=r=25:d=1"), parameters: { batch_size: 3 } };
  const outcome = await startMediaJob(worker, options).result;
  expect(outcome).toMatchObject({ status: "completed", message: "" });
  const line = (n: number, batch: number) => ({ job_id: 1, stream: 0, n, batch });
  expect(outcome.output()).toEqual({ frames: [line(3, 1), line(2, 2)] });
  expect(worker.ended).toBe(1);
});

it.each([
  ["none", /at least one stream/, 1],
  ["absent", /the source has no stream 9; it has 1/, 0],
  ["audio", /the source has no audio stream; its streams are: #0 video/, 0],
])("fails the job if it asks for this stream: %s", async (action, message, ended) => {
  const worker = new Ported(parameters);
  const outcome = await startMediaJob(worker, { source: source.lavfi("testsrc2=d=1"), parameters: { action } }).result;
  expect(outcome).toMatchObject({ status: "error", message: expect.stringMatching(message) });
  expect(worker.ended).toBe(ended);
});

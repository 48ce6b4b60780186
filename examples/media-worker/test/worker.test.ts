import { fileURLToPath } from "node:url";
import { source, startMediaJob } from "@mcai/worker-sdk-media/testing";
import { describe, expect, it } from "vitest";
import worker from "../src/worker.ts";

const clip = fileURLToPath(new URL("../media/clip.mp4", import.meta.url));

describe("the media worker", () => {
  it("counts every frame, sample and data packet of the clip", async () => {
    const outcome = await startMediaJob(worker, { source: clip, parameters: { batch_size: 25 } }).result;
    expect(outcome).toMatchObject({ status: "completed", message: "", parameters: { pictures: 100, samples: 64_000 } });
    const { frames } = outcome.output() as { frames: { timeMs: number; timecode: string; width: number }[][] };
    expect(frames.map((batch) => batch.length)).toEqual([25, 25, 25, 25]);
    expect(frames[0]?.[0]).toEqual({ timeMs: 0, timecode: "10:00:00:00", width: 160, height: 90 });
    expect(frames[3]?.[24]).toMatchObject({ timeMs: 3960, timecode: "10:00:03:24" });
  });

  it("processes exactly the frames and samples of a part", async () => {
    const parameters = { sdk_start_index: 1000, sdk_stop_index: 1400 };
    const outcome = await startMediaJob(worker, { source: clip, parameters }).result;
    expect(outcome).toMatchObject({ status: "completed", parameters: { pictures: 10, samples: 6400 } });
  });

  it("keeps its results when it is stopped during the job", async () => {
    const job = startMediaJob(worker, { source: source.lavfi("testsrc2=d=3600") });
    job.stop();
    const outcome = await job.result;
    expect(outcome.status).toBe("stopped");
    expect(outcome.parameters.pictures).toBeLessThan(90_000);
  });
});

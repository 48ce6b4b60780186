import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { Job } from "@mcai/worker-sdk";
import { LineCounter } from "./line-counter.ts";

/** Reads a text file of any size piece by piece. Throws when the job is told to stop. */
export async function readStatistics(path: string, job: Pick<Job, "signal" | "progress">) {
  const { size } = await stat(path);
  const hash = createHash("sha256");
  const counter = new LineCounter();
  let bytes = 0;
  for await (const piece of createReadStream(path, { signal: job.signal })) {
    hash.update(piece);
    counter.add(piece);
    bytes += piece.length;
    job.progress((100 * bytes) / size);
  }
  return { sha256: hash.digest("hex"), bytes, ...counter.end() };
}

import type { Job, TObject } from "@mcai/worker-sdk";
import type { Outputs } from "./output/outputs.ts";

/**
 * The job of a media worker: a {@link Job} with outputs. `Results` is the schema of the worker's results; a function
 * that does not depend on it takes a plain `MediaJob`.
 *
 * @example
 * ```ts
 * await job.output.webvtt("/out/fr.vtt").write({ startMs: 1000, endMs: 2500, text: "Bonjour" });
 * ```
 */
export interface MediaJob<Results extends TObject | undefined = TObject | undefined> extends Job<Results> {
  /** The files and SRT peers that the job writes to. */
  readonly output: Outputs;
}

/**
 * Adds outputs to a job. The property is set on the job itself, which exists for one run only: the getters and methods
 * of its class use private fields, which neither an object that inherits from it nor a proxy of it has.
 */
export function toMediaJob<Results extends TObject | undefined>(job: Job<Results>, output: Outputs): MediaJob<Results> {
  return Object.assign(job, { output });
}

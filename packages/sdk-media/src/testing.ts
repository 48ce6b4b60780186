export { type MediaJobOptions, type MediaOutcome, startMediaJob, type TestMediaJob } from "./testing/media-job.ts";
export { source, type TestSource } from "./testing/sources.ts";

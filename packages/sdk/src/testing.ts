export type { TestResponse } from "./testing/inbox.ts";
export { type FromStore, fromStore, type JobOutcome, type RunJobOptions, runJob } from "./testing/run-job.ts";
export { startTestWorker, type TestWorker, type TestWorkerOptions } from "./testing/test-worker.ts";

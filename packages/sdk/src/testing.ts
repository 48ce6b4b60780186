export type { TestResponse } from "./testing/inbox.ts";
export type { MemoryDeliveryOptions } from "./testing/memory-transport.ts";
export { type FromStore, fromStore, type JobOutcome, type RunJobOptions, runJob } from "./testing/run-job.ts";
export { startTestWorker, type TestWorker, type TestWorkerOptions } from "./testing/test-worker.ts";
export { type TransportTest, type TransportUnderTest, transportContract } from "./testing/transport-contract.ts";
export type { Delivery, Message, Settlement, Transport, TransportListener } from "./transport/transport.ts";

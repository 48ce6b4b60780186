import type { WorkerDescription } from "../thread-protocol/messages.ts";
import type { AnyWorker } from "../worker/define-worker.ts";
import { toPlatformSchema } from "./platform-schema.ts";

/** Describes a worker for the main thread, as plain data. */
export function describeWorker(
  worker: AnyWorker,
  metadata: Omit<WorkerDescription, "parameters" | "hasInitProcess">,
): WorkerDescription {
  const parameters = toPlatformSchema(worker.parameters);
  return { ...metadata, parameters, hasInitProcess: worker.initProcess !== undefined };
}

import { McaiError, messageOf } from "../errors.ts";
import type { WorkerDescription } from "../thread-protocol/messages.ts";
import { type AnyWorker, checkWorker } from "../worker/define-worker.ts";
import { readMetadata } from "../worker/metadata.ts";
import { toDefinition } from "../worker/ported-worker.ts";
import { describeWorker } from "./describe-worker.ts";

/** Imports a worker's module and describes the worker. */
export async function loadWorker(moduleUrl: string): Promise<{ worker: AnyWorker; description: WorkerDescription }> {
  let module: { default?: unknown };
  try {
    module = (await import(moduleUrl)) as { default?: unknown };
  } catch (cause) {
    throw new McaiError("WORKER_INVALID", `The worker's module ${moduleUrl} cannot be imported: ${messageOf(cause)}`, {
      cause,
    });
  }
  const worker = toDefinition(module.default);
  try {
    checkWorker(worker);
  } catch (error) {
    throw new McaiError("WORKER_INVALID", `The default export of ${moduleUrl} is not a worker: ${messageOf(error)}`);
  }
  return { worker, description: describeWorker(worker, readMetadata(moduleUrl, worker)) };
}

import { McaiError, messageOf } from "../errors.ts";
import type { WorkerDescription } from "../thread-protocol/messages.ts";
import { type AnyWorker, checkWorker } from "../worker/define-worker.ts";
import { readMetadata } from "../worker/metadata.ts";
import { toDefinition } from "../worker/ported-worker.ts";

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

/** Describes a worker for the main thread, as plain data. */
export function describeWorker(
  worker: AnyWorker,
  metadata: Omit<WorkerDescription, "parameters" | "hasInitProcess">,
): WorkerDescription {
  // TypeBox marks its schemas with symbols and hidden keys, which JSON drops.
  const parameters = JSON.parse(JSON.stringify(worker.parameters), withoutDefaulted) as Record<string, unknown>;
  return { ...metadata, parameters, hasInitProcess: worker.initProcess !== undefined };
}

// TypeBox requires properties that have a default, since every checked value has them; an order need not have them.
function withoutDefaulted(_key: string, value: unknown): unknown {
  const { required, ...schema } = (value ?? {}) as { properties?: Record<string, object>; required?: unknown };
  const { properties } = schema;
  if (!Array.isArray(required) || typeof properties !== "object") return value;
  const needed = required.filter((name: string) => !("default" in (properties[name] ?? {})));
  return needed.length > 0 ? { ...(value as object), required: needed } : schema;
}

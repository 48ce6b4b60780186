import { McaiError, messageOf } from "../errors.ts";
import type { WorkerDescription } from "../thread-protocol/messages.ts";
import { type AnyWorker, checkWorker } from "../worker/define-worker.ts";
import { readMetadata } from "../worker/metadata.ts";
import { toDefinition } from "../worker/ported-worker.ts";
import { describeWorker } from "./describe-worker.ts";

/** Imports a worker's module and describes the worker. */
export async function loadWorker(moduleUrl: string): Promise<{ worker: AnyWorker; description: WorkerDescription }> {
  const module = await importModule(moduleUrl);
  const worker = toDefinition(await findExport(module));
  try {
    checkWorker(worker);
  } catch (error) {
    const names = Object.keys(module).filter((name) => name !== "default");
    const missing = "default" in module ? "" : ` It has no default export, only ${names.join(", ") || "nothing"}.`;
    throw new McaiError(
      "WORKER_INVALID",
      `The default export of ${moduleUrl} is not a worker: ${messageOf(error)}.${missing}`,
    );
  }
  return { worker, description: describeWorker(worker, readMetadata(moduleUrl, worker)) };
}

async function importModule(moduleUrl: string): Promise<Record<string, unknown>> {
  try {
    return (await import(moduleUrl)) as Record<string, unknown>;
  } catch (cause) {
    if (cause instanceof SyntaxError) await addPlace(moduleUrl, cause);
    const text = `The worker's module ${moduleUrl} cannot be imported: ${messageOf(cause)}${remedyFor(cause)}`;
    throw new McaiError("WORKER_INVALID", text, { cause });
  }
}

// Node does not say where the syntax error of an ES module is, except for one that ends the process.
async function addPlace(moduleUrl: string, error: SyntaxError): Promise<void> {
  if (!/^SyntaxError/.test(error.stack ?? "")) return;
  const { findSyntaxError } = await import("./syntax-error.ts");
  const place = findSyntaxError(moduleUrl, error);
  if (place !== undefined) error.stack = `${place}\n\n${error.stack}`;
}

function remedyFor(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const isTypeScript = /"\.[cm]?tsx?"/.test(messageOf(cause));
  if (code === "ERR_UNKNOWN_FILE_EXTENSION" && isTypeScript)
    return ". Build it first, or use Node 22.18 or later: before, neither Node nor tsx reads TypeScript in a thread";
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX")
    return ". Build it first, or start Node with NODE_OPTIONS=--import=tsx, since Node removes types but changes no code";
  return "";
}

/** The default export; that of a module compiled to CommonJS is `exports.default`, inside the `module.exports` of Node. */
async function findExport(module: Record<string, unknown>): Promise<unknown> {
  // CommonJS that imports an ES module has only a promise of the worker to export.
  let found = await module.default;
  // Compiled twice, a module has two.
  for (let depth = 0; depth < 2 && hasDefault(found); depth++) found = await found.default;
  return found;
}

function hasDefault(value: unknown): value is { default: unknown } {
  const isModule = typeof value === "function" || (typeof value === "object" && value !== null);
  return isModule && "default" in value && !("parameters" in value);
}

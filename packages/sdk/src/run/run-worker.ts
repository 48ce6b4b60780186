import { existsSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isMainThread } from "node:worker_threads";
import { environmentSecrets } from "../env/stores.ts";
import { readSettings } from "../env.ts";
import { exitCodeOf, McaiError, messageOf, WorkerFailure } from "../errors.ts";
import { createLog, type Log } from "../log/log.ts";
import { escapeControls } from "../log/log-line.ts";
import { Redactor } from "../log/redactor.ts";
import { sayDropped } from "../log/say-dropped.ts";
import { isOutOfFiles, toOpenFilesError } from "../open-files.ts";
import { Outputs, planOutputs } from "../output/outputs.ts";
import { redirectStandardStreams } from "../output/standard-streams.ts";
import { writeWhole } from "../output/write-whole.ts";
import { InstanceAddress } from "../response/instance-address.ts";
import { describe } from "./describe.ts";
import { runLocal } from "./run-local.ts";
import type { RunOptions } from "./run-options.ts";

/**
 * Runs a worker; a worker's `main.ts` calls nothing else. The environment selects how: `DESCRIBE=1` prints the worker's
 * description, `SOURCE_ORDERS` runs the orders in these files. Without them the worker takes jobs from RabbitMQ (`AMQP_…`)
 * until a signal or an order stops it. The module is imported in a thread of its own, so its code cannot block the
 * connection, Ctrl-C or a stop.
 *
 * @param module - The worker's module, whose default export is the worker: a URL such as
 *   `new URL("./worker.js", import.meta.url)`, or a path. If the file does not exist and the runtime reads TypeScript
 *   (Node ≥ 22.18), the `.ts` file of the same name is used.
 * @returns Resolves when the worker has stopped. An error is written to standard error and sets `process.exitCode`
 *   ([operations](https://github.com/media-cloud-ai/mcai-worker-sdk-ts/blob/main/docs/operations.md) lists the codes).
 * @throws {@link McaiError} `WORKER_INVALID` if a worker's module calls this function. No other error is thrown.
 *
 * @example
 * ```ts
 * import { runWorker } from "@mcai/worker-sdk";
 * await runWorker(new URL("./worker.js", import.meta.url));
 * ```
 */
export async function runWorker(module: URL | string): Promise<void> {
  if (!isMainThread)
    throw new McaiError(
      "WORKER_INVALID",
      "Call runWorker in a main.ts of its own. A worker's module only exports the worker.",
    );
  const environment = { ...process.env };
  const redactor = new Redactor(environmentSecrets(environment));
  let log: Log | undefined;
  try {
    const settings = readSettings(environment);
    const address = new InstanceAddress(settings);
    const plan = planOutputs({ bufferBytes: settings.logBufferBytes, file: settings.log.file });
    const outputs = new Outputs(plan);
    outputs.watch();
    redirectStandardStreams(outputs.stdout, outputs.stderr);
    log = createLog(settings.log, address, redactor, outputs);
    sayDropped(outputs, log);
    for (const warning of settings.warnings) log.warn(warning);
    const options = { moduleUrl: findModule(module), environment, settings, address, log, redactor, outputs: plan };
    process.exitCode = await run(options);
  } catch (caught) {
    const error = isOutOfFiles(caught) ? toOpenFilesError(caught, "The worker cannot start") : caught;
    if (log) logFailure(log, error);
    else sayWithoutLog(redactor.redact(`${messageOf(error)}${suffixOf(error)}`));
    process.exitCode = exitCodeOf(error);
  }
}

function logFailure(log: Log, error: unknown): void {
  const code = error instanceof McaiError ? error.code : undefined;
  // An error without a code is a fault of the SDK, whose place is of use to those who mend it.
  const stack = error instanceof WorkerFailure ? error.place : code === undefined ? (error as Error).stack : undefined;
  const fields = { ...(code !== undefined && { code }), ...(stack !== undefined && { stack }) };
  log.event("error", `${messageOf(error)}${suffixOf(error)}`, fields);
}

function suffixOf(error: unknown): string {
  return error instanceof McaiError ? ` [${error.code}]` : "";
}

// The settings of the log are wrong themselves, or its outputs cannot be opened.
function sayWithoutLog(text: string): void {
  const line = `${escapeControls(text)}\n`;
  try {
    const outputs = new Outputs(planOutputs({ bufferBytes: 64 * 1024, file: undefined }));
    outputs.stderr.write(line);
    outputs.end();
  } catch {
    process.stderr.on("error", () => undefined).write(line);
  }
}

async function run(options: RunOptions): Promise<number> {
  const { settings, address, moduleUrl, environment, outputs } = options;
  if (settings.describe) {
    const { instanceId } = address;
    const configuration = await describe({ moduleUrl, environment, instanceId, outputs }, address);
    writeWhole(`${JSON.stringify(configuration, null, 2)}\n`);
    return 0;
  }
  if (settings.sourceOrders) return runLocal(options, settings.sourceOrders);
  // Loaded on use, so that local runs start sooner.
  const { runOnBroker } = await import("./run-on-broker.ts");
  return runOnBroker(options);
}

function findModule(module: URL | string): string {
  if (!(module instanceof URL) && typeof module !== "string") {
    const given = module === undefined ? "nothing" : "something else, such as the worker itself";
    throw new McaiError(
      "MODULE_NOT_FOUND",
      `runWorker: expected where the worker's module is, such as new URL("./worker.js", import.meta.url), got ${given}`,
    );
  }
  const url = module instanceof URL || module.startsWith("file:") ? new URL(module) : pathToFileURL(module);
  if (url.protocol !== "file:")
    throw new McaiError("MODULE_NOT_FOUND", `runWorker: expected the URL or path of a file, got ${url.href}`);
  if (existsSync(fileURLToPath(url))) return url.href;
  const source = new URL(url);
  source.pathname = url.pathname.replace(/\.(m?)js$/, ".$1ts");
  const hasSource = source.href !== url.href && existsSync(fileURLToPath(source));
  if (hasSource && "typescript" in process.features && process.features.typescript) return source.href;
  const remedy = hasSource
    ? `build ${fileURLToPath(source)} first (Node ${process.versions.node} does not read TypeScript), or use Node 22.18 or later`
    : "check the URL given to runWorker";
  throw new McaiError("MODULE_NOT_FOUND", `The worker's module ${fileURLToPath(url)} does not exist; ${remedy}.`);
}

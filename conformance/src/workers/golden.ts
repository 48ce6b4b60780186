import type { WorkerMetadata } from "@mcai/worker-sdk";

/** The metadata of the reference's workers: ../shared/peer/workers/pyproject.toml. */
export const goldenMetadata: Partial<WorkerMetadata> = {
  name: "golden_worker",
  version: "1.2.3",
  description: "Golden worker of the wire capture",
  license: "MIT",
};

/** Python's `ValueError`. Its name is part of the error of a job. */
export class ValueError extends Error {
  override readonly name = "ValueError";
}

/** Python's `RuntimeError`. */
export class RuntimeError extends Error {
  override readonly name = "RuntimeError";
}

/** Python's `time.sleep`, which blocks the thread. */
export function sleep(seconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000);
}

/** Python's `repr` of JSON values, as far as the workers use it. */
export function repr(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "string") return `'${value}'`;
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(repr).join(", ")}]`;
  if (typeof value === "object")
    return `{${Object.entries(value)
      .map(([key, one]) => `${repr(key)}: ${repr(one)}`)
      .join(", ")}}`;
  return String(value);
}

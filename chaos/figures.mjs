import { readFile } from "node:fs/promises";

/** @import { WorkerProcess } from "./worker-process.mjs" */

/**
 * The memory of a process, in MiB.
 * @param {WorkerProcess} worker
 */
export async function residentMib({ pid }) {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 102.4) / 10;
}

/**
 * The value that a part of all values do not exceed.
 * @param {readonly number[]} values
 * @param {number} part
 */
export function percentile(values, part) {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round((sorted[Math.ceil(part * sorted.length) - 1] ?? 0) * 10) / 10;
}

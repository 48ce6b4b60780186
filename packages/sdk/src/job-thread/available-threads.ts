import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** Returns the number of threads that a job may use: the requested number, else the container's CPU quota, else the number of cores. */
export function countThreads(asked: number | undefined): number {
  return asked ?? Math.max(1, Math.min(availableParallelism(), Math.ceil(readQuota() ?? Number.POSITIVE_INFINITY)));
}

// Control groups version 2, then 1, as seen from inside a container.
function readQuota(): number | undefined {
  const v2 = /^(\d+) (\d+)/.exec(read("/sys/fs/cgroup/cpu.max"));
  if (v2) return Number(v2[1]) / Number(v2[2]);
  const quota = Number(read("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"));
  const period = Number(read("/sys/fs/cgroup/cpu/cpu.cfs_period_us"));
  return quota > 0 && period > 0 ? quota / period : undefined;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

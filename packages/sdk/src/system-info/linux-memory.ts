import { readKernelFile } from "./kernel-file.ts";

/** The memory of the machine, in kB of 1000 bytes. Used is what is not available to programs. */
export interface Memory {
  readonly total_memory: number;
  readonly used_memory: number;
  readonly total_swap: number;
  readonly used_swap: number;
}

/** Reads the memory usage from Linux. */
export function readLinuxMemory(file = "/proc/meminfo"): Memory {
  const text = readKernelFile(file);
  // In kB of 1024 bytes.
  const field = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, "m").exec(text)?.[1] ?? 0) * 1.024;
  const [total, swap] = [field("MemTotal"), field("SwapTotal")];
  return {
    total_memory: Math.round(total),
    used_memory: Math.round(total - field("MemAvailable")),
    total_swap: Math.round(swap),
    used_swap: Math.round(swap - field("SwapFree")),
  };
}

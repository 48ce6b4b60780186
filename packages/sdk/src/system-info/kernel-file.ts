import { readFileSync } from "node:fs";

/** Reads a file of the Linux kernel; empty if it does not exist or cannot be read. */
export function readKernelFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

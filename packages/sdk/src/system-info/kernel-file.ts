import { readFileSync } from "node:fs";

/** The text of one of Linux's own files; empty where it is not, or must not be read. */
export function readKernelFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

import { closeSync, openSync } from "node:fs";
import { McaiError } from "./errors.ts";

/** Whether an error says that this process, or the machine, cannot open another file or socket. */
export function isOutOfFiles(error: unknown): boolean {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === "EMFILE" || code === "ENFILE") return true;
  // The reason for which a thread ended is only a text.
  if (error instanceof McaiError && /\bE[MN]FILE\b/.test(error.message)) return error.code !== "OPEN_FILES_EXHAUSTED";
  // The resolver, which cannot open its own files, reports a name that does not exist.
  return (code === "ENOTFOUND" || code === "EAI_AGAIN") && !canOpenFile();
}

function canOpenFile(): boolean {
  try {
    closeSync(openSync("/dev/null", "r"));
    return true;
  } catch (error) {
    return !isOutOfFiles(error);
  }
}

/** Returns the error for this, with the limit of this process. */
export function toOpenFilesError(cause: unknown, what: string): McaiError {
  const limit = readLimit();
  return new McaiError(
    "OPEN_FILES_EXHAUSTED",
    `${what}: too many open files: ${(cause as Error).message}; the limit of this process is ${limit}. Raise it (ulimit -n), or close what the worker opens`,
    { cause },
  );
}

// /proc/self/limits cannot be opened now; the report reads it by a system call.
function readLimit(): string {
  if (!process.report) return "unknown";
  // It would look up the names of all peers.
  Object.assign(process.report, { excludeNetwork: true });
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  return String(userLimits?.open_files?.soft ?? "unknown");
}

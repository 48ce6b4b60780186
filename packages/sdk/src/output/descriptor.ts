import { type BigIntStats, constants, fstatSync, openSync, readFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import type * as Net from "node:net";
import { isOutOfFiles } from "../open-files.ts";

/** How a descriptor is written without waiting for its reader. */
export interface DescriptorPlan {
  readonly fd: number;
  /**
   * `plain`: a write of this descriptor never waits, or only for a disk. `switch`: it would wait, and others share its
   * mode, which is therefore changed for each single write.
   */
  readonly mode: "plain" | "switch";
}

/** Writes to a descriptor. */
export interface Descriptor {
  /** Returns how many bytes were taken: 0 if the reader takes none now. Throws if there is no reader. */
  write(data: string | Uint8Array): number;
}

/** Finds out how standard output (1) or standard error (2) is written without waiting; done once, in the main thread. */
export function planDescriptor(fd: 1 | 2): DescriptorPlan {
  const kind = statDescriptor(fd);
  if (kind.isFIFO() || kind.isCharacterDevice()) {
    try {
      const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
      // The same pipe or terminal with a mode of its own: O_NONBLOCK on a shared one would break its other users.
      return { fd: openSync(`/proc/self/fd/${fd}`, flags), mode: "plain" };
    } catch (error) {
      if (isOutOfFiles(error)) throw error;
      // The pipe belongs to another user, or the system is not Linux.
    }
  }
  if (!kind.isFIFO() && !kind.isSocket()) return { fd, mode: "plain" };
  return { fd, mode: isNonBlocking(fd) ? "plain" : "switch" };
}

/**
 * Returns what a descriptor is. As numbers, Node 20 keeps them in an array that `realpathSync` reads: after those of a pipe,
 * modules are loaded by the paths of symbolic links, and do not find their own dependencies. As bigints they have their own.
 */
export function statDescriptor(fd: 1 | 2): BigIntStats {
  return fstatSync(fd, { bigint: true });
}

/** Opens the way to write that was planned, in either thread. It takes no descriptor. */
export function openDescriptor({ fd, mode }: DescriptorPlan): Descriptor {
  const setBlocking = mode === "switch" ? findSwitch(fd) : undefined;
  return {
    write(data) {
      setBlocking?.(false);
      try {
        return typeof data === "string" ? writeSync(fd, data) : writeSync(fd, data);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EAGAIN") return 0;
        throw error;
      } finally {
        setBlocking?.(true);
      }
    },
  };
}

// Node's own streams have this switch; node:fs has none.
function findSwitch(fd: number): ((on: boolean) => void) | undefined {
  const { Socket } = createRequire(import.meta.url)("node:net") as typeof Net;
  const socket = new Socket({ fd, readable: false, writable: true }) as unknown as {
    _handle?: { setBlocking?: (on: boolean) => void };
  };
  const handle = socket._handle;
  handle?.setBlocking?.(true);
  return handle?.setBlocking ? (on) => handle.setBlocking?.(on) : undefined;
}

function isNonBlocking(fd: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] ?? "0";
    return (Number.parseInt(flags, 8) & constants.O_NONBLOCK) !== 0;
  } catch (error) {
    if (isOutOfFiles(error)) throw error;
    return false;
  }
}

import { closeSync, readdirSync, readFileSync } from "node:fs";
import type { ThreadHost } from "../dispatch/thread-host.ts";

/**
 * Ends the process at once, although a native call or a request of the operating system holds one of its threads: `process.exit`
 * waits for these. What the job thread has started ends with it.
 */
export function abortProcess(): never {
  killDescendants();
  // As at every end: what the process has printed is written.
  process.emit("exit", 134);
  // Node writes a stack trace to it, and would wait for a reader that has stopped.
  closeSync(2);
  process.abort();
}

/** Waits for the end of the job thread. Only the end of the process ends a native call that holds it. */
export async function endThread(thread: ThreadHost, ended: Promise<boolean>): Promise<void> {
  if (!(await ended)) abortProcess();
  if (thread.hasTerminated) killDescendants();
}

/**
 * Kills the processes that this one has started, directly or through others, and that belong to its process group: not
 * those that were started with `detached`, nor others of the group, such as the rest of a shell's pipeline. Without the
 * files of Linux's `/proc` it does nothing.
 */
export function killDescendants(): void {
  const children = new Map<number, ProcessEntry[]>();
  for (const entry of listProcesses()) {
    const siblings = children.get(entry.parentId);
    if (siblings) siblings.push(entry);
    else children.set(entry.parentId, [entry]);
  }
  const own = readProcess("self");
  const parents = [process.pid];
  for (const parent of parents)
    for (const { id, groupId } of children.get(parent) ?? []) {
      parents.push(id);
      if (groupId === own?.groupId) kill(id);
    }
}

interface ProcessEntry {
  readonly id: number;
  readonly parentId: number;
  readonly groupId: number;
}

function listProcesses(): ProcessEntry[] {
  try {
    return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (readProcess(name) ?? []) : []));
  } catch {
    return [];
  }
}

// The second field is the name, which may contain anything.
function readProcess(name: string): ProcessEntry | undefined {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, "utf8");
    const [, parentId, groupId] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { id: Number.parseInt(stat, 10), parentId: Number(parentId), groupId: Number(groupId) };
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

function kill(id: number): void {
  try {
    process.kill(id, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

import { readFileSync } from "node:fs";

// What container runtimes write before the 64 characters of a container's id.
const containerId = /(?:docker\/|docker-|cri-containerd-|containers\/|pod[a-z0-9-]{36}\/)([a-z0-9]{64})/;

/** The first twelve characters of the container's id in such a text; undefined if there is none. */
export function findContainerId(text: string): string | undefined {
  return containerId.exec(text)?.[1]?.slice(0, 12);
}

/** This worker's id: that of its container, found as the reference finds it, else a random one. */
export function readInstanceId(files: readonly string[] = ["/proc/self/cgroup", "/proc/self/mountinfo"]): string {
  for (const file of files) {
    const id = findContainerId(readText(file));
    if (id !== undefined) return id;
  }
  // The kernel's, because node:crypto takes 3 ms to load.
  const uuid = readText("/proc/sys/kernel/random/uuid").trim();
  return uuid || process.getBuiltinModule("node:crypto").randomUUID();
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

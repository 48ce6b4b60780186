import { readKernelFile } from "../system-info/kernel-file.ts";

// What container runtimes write before the 64 characters of a container id.
const containerId = /(?:docker\/|docker-|cri-containerd-|containers\/|pod[a-z0-9-]{36}\/)([a-z0-9]{64})/;

/** Returns the first twelve characters of the container id in the text of a file of `/proc/self`, or undefined. */
export function findContainerId(text: string): string | undefined {
  return containerId.exec(text)?.[1]?.slice(0, 12);
}

/** Returns the instance id of this worker: the id of its container, found as the reference does, or a random id. */
export function readInstanceId(files: readonly string[] = ["/proc/self/cgroup", "/proc/self/mountinfo"]): string {
  for (const file of files) {
    const id = findContainerId(readKernelFile(file));
    if (id !== undefined) return id;
  }
  // Read from the kernel, because loading node:crypto takes 3 ms.
  const uuid = readKernelFile("/proc/sys/kernel/random/uuid").trim();
  return uuid || process.getBuiltinModule("node:crypto").randomUUID();
}

import type { Server } from "node:net";
import { readKernelFile } from "../system-info/kernel-file.ts";

// What container runtimes write before the 64 characters of a container id.
const containerId = /(?:docker\/|docker-|cri-containerd-|containers\/|pod[a-z0-9-]{36}\/)([a-z0-9]{64})/g;
// Container runtimes mount these files, from a folder of the container, into the container itself.
const ownMounts = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"];

/** Where the id of the own container is found. */
export interface ContainerFiles {
  /** @default "/proc/self/cgroup" */
  readonly cgroup?: string;
  /** @default "/proc/self/mountinfo" */
  readonly mountinfo?: string;
}

/**
 * Returns the first twelve characters of the id of the container whose cgroup a process is in: the innermost one of its path.
 *
 * @param cgroup - The text of `/proc/self/cgroup`.
 */
export function findContainerId(cgroup: string): string | undefined {
  // Lines of <number>:<controllers>:<path>.
  for (const line of cgroup.split("\n")) {
    const id = lastId(line.slice(line.indexOf(":", line.indexOf(":") + 1) + 1));
    if (id !== undefined) return id;
  }
  return undefined;
}

/**
 * Returns the same from the mounts of a process. Only the files that a runtime mounts into the container itself count: a
 * machine with containers, and a container that shows them, have mounts of others.
 *
 * @param mountinfo - The text of `/proc/self/mountinfo`.
 */
export function findContainerIdInMounts(mountinfo: string): string | undefined {
  // Fields: mount, parent, device, root of the mount in its file system, mount point. A later mount hides an earlier one.
  const mounts = mountinfo.split("\n").map((line) => line.split(" ").slice(3, 5));
  for (const point of ownMounts) {
    const [root = ""] = mounts.findLast((fields) => fields[1] === point) ?? [];
    const id = lastId(root);
    if (id !== undefined) return id;
  }
  return undefined;
}

function lastId(path: string): string | undefined {
  return [...path.matchAll(containerId)].at(-1)?.[1]?.slice(0, 12);
}

/** Returns the id of the container of this process, or undefined outside of containers. */
export function readContainerId({
  cgroup = "/proc/self/cgroup",
  mountinfo = "/proc/self/mountinfo",
}: ContainerFiles = {}): string | undefined {
  return findContainerId(readKernelFile(cgroup)) ?? findContainerIdInMounts(readKernelFile(mountinfo));
}

/** Returns a random id. */
export function randomId(): string {
  // Read from the kernel, because loading node:crypto takes 3 ms.
  const uuid = readKernelFile("/proc/sys/kernel/random/uuid").trim();
  return uuid || process.getBuiltinModule("node:crypto").randomUUID();
}

/**
 * Claims the id of a container for this process, until it ends.
 *
 * @returns False if another process of the container has it.
 */
export async function claimContainerId(id: string): Promise<boolean> {
  if (process.platform !== "linux") return true;
  const { createServer } = process.getBuiltinModule("node:net");
  const server: Server = createServer((socket) => socket.destroy()).unref();
  return new Promise((resolve) => {
    server.on("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "EADDRINUSE"));
    // A socket without a file, which only processes of the same container see. `exclusive`: not shared by a cluster of Node.js.
    server.listen({ path: `\0mcai-worker-${id}`, exclusive: true }, () => resolve(true));
  });
}

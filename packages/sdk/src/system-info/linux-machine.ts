import { existsSync, realpathSync, statfsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readKernelFile } from "./kernel-file.ts";

/** A core of the machine. `frequency` is in MHz. */
export interface Core {
  readonly name: string;
  readonly vendor_id: string;
  readonly brand: string;
  readonly frequency: number;
}

/** A mounted disk. `size` is in bytes. */
export interface Disk {
  readonly disk_type: "HDD" | "SSD" | "unknown";
  readonly size: number;
  readonly format: string;
  readonly mountpoint: string;
}

/** The properties of the machine that could be read. */
interface LinuxMachine {
  readonly os_version?: string;
  readonly cores?: readonly Core[];
  readonly disks?: readonly Disk[];
}

/**
 * Reads the properties of the machine from files of Linux, like the reference. No process is started, so that they are
 * available for the first status.
 *
 * @param root - The root folder of the files.
 * @returns The properties that could be read; the others are absent.
 */
export function readLinuxMachine(root = "/"): LinuxMachine {
  const version = readVersion(readKernelFile(join(root, "etc/os-release")));
  const cores = readCores(readKernelFile(join(root, "proc/cpuinfo")));
  const mounts = readKernelFile(join(root, "proc/self/mounts"));
  return {
    ...(version !== undefined && { os_version: version }),
    ...(cores.length > 0 && { cores }),
    ...(mounts !== "" && { disks: readDisks(mounts, root) }),
  };
}

// NAME="Debian GNU/Linux", VERSION_ID="12"
function readVersion(text: string): string | undefined {
  const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?$`, "m").exec(text)?.[1] ?? "";
  const name = field("NAME");
  return name === "" ? undefined : ["Linux", field("VERSION_ID"), name].filter(Boolean).join(" ");
}

// On some architectures the model is missing; the list is then empty.
function readCores(text: string): Core[] {
  return text.split(/\n\s*\n/).flatMap((block) => {
    const field = (name: string) => new RegExp(`^${name}\\s*: (.*)$`, "m").exec(block)?.[1]?.trim();
    const [number, brand] = [field("processor"), field("model name")];
    if (number === undefined || brand === undefined) return [];
    const frequency = Math.round(Number(field("cpu MHz") ?? 0));
    return { name: `cpu${number}`, vendor_id: field("vendor_id") ?? "", brand, frequency };
  });
}

// Lists each device once: in a container, a device of the host may be mounted several times.
function readDisks(mounts: string, root: string): Disk[] {
  const seen = new Set<string>();
  return mounts.split("\n").flatMap((line) => {
    const [device = "", mountpoint = "", format = ""] = line.split(" ").map(unescapeOctal);
    if (!device.startsWith("/dev/") || seen.has(device)) return [];
    seen.add(device);
    try {
      const { blocks, bsize } = statfsSync(join(root, mountpoint));
      return { disk_type: diskType(device, root), size: blocks * bsize, format, mountpoint };
    } catch {
      // The disk was unmounted, or access is denied.
      return [];
    }
  });
}

// A space in a name is written as \040.
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

function diskType(device: string, root: string): Disk["disk_type"] {
  try {
    const folder = realpathSync(join(root, "sys/class/block", basename(device)));
    // The folder of a partition is inside that of its disk.
    const disk = existsSync(join(folder, "partition")) ? dirname(folder) : folder;
    const rotational = readKernelFile(join(disk, "queue/rotational")).trim();
    return rotational === "1" ? "HDD" : rotational === "0" ? "SSD" : "unknown";
  } catch {
    return "unknown";
  }
}

import { existsSync } from "node:fs";
import { cpus, freemem, loadavg, type as osType, totalmem } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { Systeminformation } from "systeminformation";
import { type Core, type Disk, readLinuxMachine } from "./linux-machine.ts";
import { type NetworkCounters, readNetworkCounters } from "./network-counters.ts";

/** The load of the machine in a progression: memory in kB used, usage in whole percent, counts since boot. */
export interface ProgressionSystemInfo {
  readonly memory: number;
  readonly swap: number;
  readonly load_average: { readonly one_minute: number; readonly five_minute: number; readonly fifteen_minute: number };
  readonly cores: readonly { readonly name: string; readonly usage: number }[];
  readonly gpus: readonly Record<string, unknown>[];
  readonly networks: readonly NetworkCounters[];
}

/** The machine in a status: memory in kB of 1000 bytes, frequencies in MHz, sizes in bytes. */
export interface StatusSystemInfo {
  readonly docker_container_id: string;
  readonly os_version: string;
  readonly memory: {
    readonly total_memory: number;
    readonly used_memory: number;
    readonly total_swap: number;
    readonly used_swap: number;
  };
  readonly cores: readonly Core[];
  readonly gpus: readonly Record<string, unknown>[];
  readonly disks: readonly Disk[];
}

/** How old the load of the machine may be, and what changes seldom and is read by other processes. */
const loadAgeMs = 1000;
const machineAgeMs = 60_000;
const sampleDelayMs = 50;
const isLinux = process.platform === "linux";
const kilobytes = (sizeBytes: number) => Math.round(sizeBytes / 1000);

interface Load {
  readonly progression: ProgressionSystemInfo;
  readonly status: Pick<StatusSystemInfo, "memory">;
}
type Machine = Omit<StatusSystemInfo, "docker_container_id" | "memory">;

/**
 * What the machine is at. Asked, it answers at once with its last sample, and takes the next one in the background if
 * that is too old. The first comes from Node itself: systeminformation takes 30 ms to load.
 */
export class SystemInfo {
  readonly #instanceId: string;
  readonly #load = new Sample(firstLoad(), takeLoad, loadAgeMs);
  // But on Linux it starts processes, which blocks for up to 100 ms: only who asks for the status pays for it.
  readonly #machine = new Sample(firstMachine(), takeMachine, machineAgeMs, true);

  constructor(instanceId: string) {
    this.#instanceId = instanceId;
  }

  /** For a progression. */
  forProgression(): ProgressionSystemInfo {
    return this.#load.current().progression;
  }

  /** For a status. */
  forStatus(): StatusSystemInfo {
    return { docker_container_id: this.#instanceId, ...this.#machine.current(), ...this.#load.current().status };
  }
}

/** A value that is taken again in the background when it is asked for and too old. */
class Sample<Value> {
  readonly #take: () => Promise<Value>;
  readonly #ageMs: number;
  #value: Value;
  #takenAt: number;
  #taking = false;

  constructor(first: Value, take: () => Promise<Value>, ageMs: number, isOld = false) {
    this.#value = first;
    this.#take = take;
    this.#ageMs = ageMs;
    this.#takenAt = isOld ? Number.NEGATIVE_INFINITY : performance.now();
  }

  current(): Value {
    if (!this.#taking && performance.now() - this.#takenAt >= this.#ageMs) {
      this.#taking = true;
      // Later, because its beginning holds the thread: the answer that asks for it goes out first.
      delay(sampleDelayMs, undefined, { ref: false })
        .then(this.#take)
        .then((value) => {
          this.#value = value;
        })
        // What the machine does not tell stays as it was: a job must not fail for it.
        .catch(() => undefined)
        .finally(() => {
          this.#taking = false;
          this.#takenAt = performance.now();
        });
    }
    return this.#value;
  }
}

function firstLoad(): Load {
  const used = kilobytes(totalmem() - freemem());
  const cores = cpus().map(({ times }, i) => {
    const total = times.user + times.nice + times.sys + times.idle + times.irq;
    return { name: `cpu${i}`, usage: total > 0 ? Math.round((100 * (total - times.idle)) / total) : 0 };
  });
  return {
    progression: { memory: used, swap: 0, load_average: readLoadAverage(), cores, gpus: [], networks: [] },
    status: { memory: { total_memory: kilobytes(totalmem()), used_memory: used, total_swap: 0, used_swap: 0 } },
  };
}

function readLoadAverage(): ProgressionSystemInfo["load_average"] {
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  return { one_minute: one, five_minute: five, fifteen_minute: fifteen };
}

function firstMachine(): Machine {
  const cores = cpus().map(({ model, speed }, i) => ({
    name: `cpu${i}`,
    vendor_id: "",
    brand: model,
    frequency: speed,
  }));
  return { os_version: osType(), cores, gpus: [], disks: [], ...(isLinux && readLinuxMachine()) };
}

// Files of the kernel only: it runs each second beside a job.
async function takeLoad(): Promise<Load> {
  const { default: system } = await import("systeminformation");
  const [memory, load, networks, gpus] = await Promise.all([
    system.mem(),
    system.currentLoad(),
    readNetworkCounters(),
    readGpus(),
  ]);
  const used = kilobytes(memory.active);
  return {
    progression: {
      memory: used,
      swap: kilobytes(memory.swapused),
      load_average: readLoadAverage(),
      cores: load.cpus.map((core, i) => ({ name: `cpu${i}`, usage: Math.round(core.load) })),
      gpus: gpus.map(toUsedGpu),
      networks,
    },
    status: {
      memory: {
        total_memory: kilobytes(memory.total),
        used_memory: used,
        total_swap: kilobytes(memory.swaptotal),
        used_swap: kilobytes(memory.swapused),
      },
    },
  };
}

async function takeMachine(): Promise<Machine> {
  if (isLinux) return { ...firstMachine(), gpus: (await readGpus()).map(toWholeGpu) };
  const { default: system } = await import("systeminformation");
  const [os, cpu, disks, drives, gpus] = await Promise.all([
    system.osInfo(),
    system.cpu(),
    system.fsSize(),
    system.diskLayout(),
    readGpus(),
  ]);
  return {
    os_version: `${os.platform} ${os.release} ${os.distro}`.trim(),
    cores: cpus().map(({ model, speed }, i) => ({
      name: `cpu${i}`,
      vendor_id: cpu.vendor,
      brand: model,
      frequency: speed,
    })),
    gpus: gpus.map(toWholeGpu),
    disks: disks.map(({ fs, size, type, mount }) => ({
      disk_type: diskType(drives.find(({ device }) => device !== "" && fs.startsWith(device))?.type),
      size,
      format: type,
      mountpoint: mount,
    })),
  };
}

// Only NVIDIA's tell their load, and asking starts processes.
async function readGpus(): Promise<Systeminformation.GraphicsControllerData[]> {
  if (!existsSync("/dev/nvidiactl")) return [];
  const { default: system } = await import("systeminformation");
  return (await system.graphics()).controllers.filter(({ vendor }) => /nvidia/i.test(vendor));
}

function diskType(type: string | undefined): "HDD" | "SSD" | "unknown" {
  return type === "HD" ? "HDD" : type === "SSD" || type === "NVMe" ? "SSD" : "unknown";
}

function toUsedGpu(gpu: Systeminformation.GraphicsControllerData): Record<string, unknown> {
  const core = gpu.clockCore ?? 0;
  const memory = gpu.clockMemory ?? 0;
  return {
    name: gpu.model,
    memory: (gpu.memoryUsed ?? 0) * 1024 * 1024,
    clock_speed_memory: memory,
    clock_speed_sm: core,
    clock_speed_graphics: core,
    clock_speed_video: core,
  };
}

function toWholeGpu(gpu: Systeminformation.GraphicsControllerData): Record<string, unknown> {
  const core = gpu.clockCore ?? 0;
  return {
    name: gpu.model,
    memory: (gpu.memoryTotal ?? 0) * 1024 * 1024,
    driver_version: gpu.driverVersion ?? "",
    cuda_driver_version: 0,
    max_clock_speed_memory: gpu.clockMemory ?? 0,
    max_clock_speed_sm: core,
    max_clock_speed_graphics: core,
    max_clock_speed_video: core,
  };
}

import { cpus, freemem, loadavg, type as osType, release, totalmem } from "node:os";
import { type BusyCore, CoreUsage } from "./core-usage.ts";
import { type Core, type Disk, readLinuxMachine } from "./linux-machine.ts";
import { type Memory, readLinuxMemory } from "./linux-memory.ts";
import { type NetworkCounters, readNetworkCounters } from "./network-counters.ts";
import type { BusyGpu, Gpu, NvidiaCards } from "./nvidia.ts";

/**
 * The load of the machine, as sent in a progression. Memory is in kB used, usage in whole percent, counters since boot.
 */
export interface ProgressionSystemInfo {
  readonly memory: number;
  readonly swap: number;
  readonly load_average: { readonly one_minute: number; readonly five_minute: number; readonly fifteen_minute: number };
  readonly cores: readonly BusyCore[];
  readonly gpus: readonly BusyGpu[];
  readonly networks: readonly NetworkCounters[];
}

/**
 * The properties of the machine, as sent in a status. Memory is in kB of 1000 bytes, frequencies in MHz, sizes in
 * bytes.
 */
export interface StatusSystemInfo {
  readonly docker_container_id: string;
  readonly os_version: string;
  readonly memory: Memory;
  readonly cores: readonly Core[];
  readonly gpus: readonly Gpu[];
  readonly disks: readonly Disk[];
}

/** The maximum age of the load of the machine, and of its properties. */
const maxLoadAgeMs = 1000;
const maxMachineAgeMs = 60_000;
const sampleDelayMs = 50;
const isLinux = process.platform === "linux";

/**
 * The load and the properties of the machine, read from files of the kernel. No process is started: that would block
 * the thread for tens of milliseconds, and could block it indefinitely while SRT is used (see nvidia.ts). Each call
 * returns the last sample at once; if it is too old, the next one is taken in the background. On systems other than
 * Linux only the free memory is known, and there are no swap, disks and networks.
 */
export class SystemInfo {
  readonly #instanceId: () => string;
  readonly #cores = new CoreUsage();
  readonly #load = new Sample(() => this.#readLoad(), maxLoadAgeMs);
  readonly #machine = new Sample(readMachine, maxMachineAgeMs);
  readonly #gpus: NvidiaCards | undefined;

  /**
   * @param instanceId - Returns the instance id of the worker.
   * @param gpus - The NVIDIA cards of the machine. @default none
   */
  constructor(instanceId: () => string, gpus?: NvidiaCards) {
    this.#instanceId = instanceId;
    this.#gpus = gpus;
  }

  /** Returns the load for a progression. Calls within a second return the same object. */
  forProgression(): ProgressionSystemInfo {
    return this.#load.current().progression;
  }

  /** Returns the properties for a status. */
  forStatus(): StatusSystemInfo {
    const { memory } = this.#load.current();
    return {
      docker_container_id: this.#instanceId(),
      ...this.#machine.current(),
      memory,
      gpus: this.#gpus?.cards ?? [],
    };
  }

  #readLoad(): Load {
    const memory = isLinux ? readLinuxMemory() : readFreeMemory();
    const [one = 0, five = 0, fifteen = 0] = loadavg();
    const progression = {
      memory: memory.used_memory,
      swap: memory.used_swap,
      load_average: { one_minute: one, five_minute: five, fifteen_minute: fifteen },
      cores: this.#cores.read(),
      gpus: this.#gpus?.busy ?? [],
      networks: readNetworkCounters(),
    };
    return { progression, memory };
  }
}

interface Load {
  readonly progression: ProgressionSystemInfo;
  readonly memory: Memory;
}

/** A cached value. If it is too old when it is requested, it is read again in the background. */
class Sample<Value> {
  readonly #read: () => Value;
  readonly #maxAgeMs: number;
  #value: Value | undefined;
  #readAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(read: () => Value, maxAgeMs: number) {
    this.#read = read;
    this.#maxAgeMs = maxAgeMs;
  }

  current(): Value {
    if (this.#value === undefined) return this.#take();
    // Delayed, so that the response that uses the current value is sent first.
    if (performance.now() - this.#readAt >= this.#maxAgeMs)
      this.#timer ??= setTimeout(() => this.#take(), sampleDelayMs).unref();
    return this.#value;
  }

  #take(): Value {
    this.#timer = undefined;
    this.#value = this.#read();
    this.#readAt = performance.now();
    return this.#value;
  }
}

function readFreeMemory(): Memory {
  const kilobytes = (sizeBytes: number) => Math.round(sizeBytes / 1000);
  const used = kilobytes(totalmem() - freemem());
  return { total_memory: kilobytes(totalmem()), used_memory: used, total_swap: 0, used_swap: 0 };
}

function readMachine(): Pick<StatusSystemInfo, "os_version" | "cores" | "disks"> {
  const cores = cpus().map(({ model, speed }, i) => ({
    name: `cpu${i}`,
    vendor_id: "",
    brand: model,
    frequency: speed,
  }));
  return { os_version: `${osType()} ${release()}`, cores, disks: [], ...(isLinux && readLinuxMachine()) };
}

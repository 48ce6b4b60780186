import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";

/** The usage of an NVIDIA card. `memory` is in bytes, clock speeds are in MHz. */
export interface BusyGpu {
  readonly name: string;
  readonly memory: number;
  readonly clock_speed_memory: number;
  readonly clock_speed_sm: number;
  readonly clock_speed_graphics: number;
  readonly clock_speed_video: number;
}

/** The properties of an NVIDIA card. `memory` is in bytes, clock speeds are in MHz. */
export interface Gpu {
  readonly name: string;
  readonly memory: number;
  readonly driver_version: string;
  readonly cuda_driver_version: number;
  readonly max_clock_speed_memory: number;
  readonly max_clock_speed_sm: number;
  readonly max_clock_speed_graphics: number;
  readonly max_clock_speed_video: number;
}

const columns = [
  ...["index", "name", "driver_version", "memory.total", "memory.used"],
  ...["clocks.mem", "clocks.sm", "clocks.gr", "clocks.video", "clocks.max.mem", "clocks.max.sm", "clocks.max.gr"],
];
const mebibyte = 1024 * 1024;
/** The interval of the readings. */
const periodMs = 1000;

/**
 * The NVIDIA cards of the machine, read from one `nvidia-smi` that prints their state each second. It is started by the
 * constructor only: a process that uses SRT must not start another process
 * (https://github.com/Haivision/srt/issues/3326), and starting one blocks the thread for milliseconds. `nvidia-smi`
 * ends with this process. If this process is killed, `nvidia-smi` ends at its next write, because the pipe is closed.
 */
export class NvidiaCards {
  readonly #cards = new Map<number, { readonly busy: BusyGpu; readonly card: Gpu }>();

  /**
   * @param device - A file that exists only if the driver is installed.
   * @param command - The command that prints the state of the cards.
   */
  constructor(device = "/dev/nvidiactl", command = "nvidia-smi") {
    if (!existsSync(device)) return;
    const query = [`--query-gpu=${columns.join(",")}`, "--format=csv,noheader,nounits", `--loop-ms=${periodMs}`];
    const child = spawn(command, query, { stdio: ["ignore", "pipe", "ignore"] });
    // Without the command, no cards are reported.
    child.on("error", () => undefined);
    createInterface({ input: child.stdout }).on("line", (line) => this.#read(line));
    child.unref();
    (child.stdout as typeof child.stdout & { unref(): void }).unref();
    const kill = () => void child.kill();
    process.once("exit", kill);
    child.once("close", () => {
      process.off("exit", kill);
      this.#cards.clear();
    });
  }

  /** The usage of each card. */
  get busy(): BusyGpu[] {
    return [...this.#cards.values()].map(({ busy }) => busy);
  }

  /** The properties of each card. */
  get cards(): Gpu[] {
    return [...this.#cards.values()].map(({ card }) => card);
  }

  // 0, NVIDIA A10, 550.54.15, 23028, 305, 6250, 210, 210, 555, 6251, 1710, 1710. Unknown values are [N/A].
  #read(line: string): void {
    const [index, name = "", driver = "", ...numbers] = line.split(",").map((field) => field.trim());
    const [
      total = 0,
      used = 0,
      memory = 0,
      sm = 0,
      graphics = 0,
      video = 0,
      maxMemory = 0,
      maxSm = 0,
      maxGraphics = 0,
    ] = numbers.map((field) => Number(field) || 0);
    if (!/^\d+$/.test(index ?? "")) return;
    this.#cards.set(Number(index), {
      busy: {
        name,
        memory: used * mebibyte,
        clock_speed_memory: memory,
        clock_speed_sm: sm,
        clock_speed_graphics: graphics,
        clock_speed_video: video,
      },
      card: {
        name,
        memory: total * mebibyte,
        driver_version: driver,
        // nvidia-smi has no columns for this value and the next one.
        cuda_driver_version: 0,
        max_clock_speed_video: maxGraphics,
        max_clock_speed_memory: maxMemory,
        max_clock_speed_sm: maxSm,
        max_clock_speed_graphics: maxGraphics,
      },
    });
  }
}

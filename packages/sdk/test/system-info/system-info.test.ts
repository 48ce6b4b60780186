import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, open, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CoreUsage } from "../../src/system-info/core-usage.ts";
import { readLinuxMachine } from "../../src/system-info/linux-machine.ts";
import { readLinuxMemory } from "../../src/system-info/linux-memory.ts";
import { readNetworkCounters } from "../../src/system-info/network-counters.ts";
import { NvidiaCards } from "../../src/system-info/nvidia.ts";
import { SystemInfo } from "../../src/system-info/system-info.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mcai-system-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("system information", () => {
  // Minor page faults of the child processes that have ended. Every child process has some.
  const faultsOfChildren = async () => {
    const stat = await readFile("/proc/self/stat", "utf8");
    return Number(stat.slice(stat.lastIndexOf(")")).split(" ")[9]);
  };

  it("is available at once, is sampled in the background, and starts no process", async () => {
    const before = await faultsOfChildren();
    const info = new SystemInfo(() => "4f2a90c1d7be");
    const first = info.forProgression();
    expect(first.memory).toBeGreaterThan(0);
    expect(first.cores.map(({ name }) => name)).toEqual(cpus().map((_, i) => `cpu${i}`));
    expect(first.networks.map(({ name }) => name)).toContain("lo");
    expect(info.forProgression()).toBe(first);
    await expect.poll(() => info.forProgression(), { timeout: 20_000, interval: 50 }).not.toBe(first);
    for (const { usage } of info.forProgression().cores) expect(usage).toSatisfy((n: number) => n >= 0 && n <= 100);
    expect(info.forStatus()).toMatchObject({
      docker_container_id: "4f2a90c1d7be",
      os_version: expect.stringMatching(/^Linux /),
      gpus: [],
      disks: expect.any(Array),
    });
    expect(info.forStatus().memory.total_memory).toBeGreaterThan(info.forStatus().memory.used_memory);
    expect(await faultsOfChildren()).toBe(before);
    await promisify(execFile)("true");
    expect(await faultsOfChildren()).toBeGreaterThan(before);
  });

  it("has the usage of the cores since the last sample", () => {
    const usage = new CoreUsage();
    expect(usage.read()).toHaveLength(cpus().length);
    const until = performance.now() + 300;
    while (performance.now() < until);
    expect(Math.max(...usage.read().map((core) => core.usage))).toBeGreaterThan(50);
  });

  it("has the memory in kB of 1000 bytes, where the kB of /proc/meminfo have 1024", async () => {
    const file = join(folder, "meminfo");
    await writeFile(file, "MemTotal: 1000000 kB\nMemAvailable:  750000 kB\nSwapTotal: 2000 kB\nSwapFree: 500 kB\n");
    expect(readLinuxMemory(file)).toEqual({
      total_memory: 1_024_000,
      used_memory: 256_000,
      total_swap: 2048,
      used_swap: 1536,
    });
    expect(readLinuxMemory("/no/such").total_memory).toBe(0);
  });

  it("has the graphics cards that nvidia-smi reports while it runs", { timeout: 60_000 }, async () => {
    const device = join(folder, "nvidiactl");
    const command = join(folder, "nvidia-smi");
    const asked = join(folder, "asked");
    const row = (index: number, used: string) =>
      `${index}, NVIDIA A10, 550.54.15, 23028, ${used}, 6250, 1200, 1210, 555, 6251, 1695, 1710`;
    await writeFile(
      command,
      `#!/bin/sh\necho "$@" >> ${asked}\necho "${row(0, "305")}"\necho "${row(1, "[N/A]")}"\necho rubbish\nexec < ${asked}.go\nread go\necho "${row(0, "400")}"\nread go\n`,
    );
    await chmod(command, 0o700);
    await promisify(execFile)("mkfifo", [`${asked}.go`]);
    expect(new NvidiaCards(device, command).cards).toEqual([]);
    await writeFile(device, "");
    const cards = new NvidiaCards(device, command);
    await expect.poll(() => cards.cards.length, { timeout: 10_000 }).toBe(2);
    const info = new SystemInfo(() => "4f2a90c1d7be", cards);
    const busy = { clock_speed_memory: 6250, clock_speed_sm: 1200, clock_speed_graphics: 1210, clock_speed_video: 555 };
    expect(info.forProgression().gpus).toEqual([
      { name: "NVIDIA A10", memory: 305 * 1024 * 1024, ...busy },
      { name: "NVIDIA A10", memory: 0, ...busy },
    ]);
    expect(info.forStatus().gpus[0]).toEqual({
      name: "NVIDIA A10",
      memory: 23_028 * 1024 * 1024,
      driver_version: "550.54.15",
      cuda_driver_version: 0,
      max_clock_speed_memory: 6251,
      max_clock_speed_sm: 1695,
      max_clock_speed_graphics: 1710,
      max_clock_speed_video: 1710,
    });
    const go = await open(`${asked}.go`, "w");
    await go.write("on\n");
    await expect.poll(() => cards.busy[0]?.memory, { timeout: 10_000 }).toBe(400 * 1024 * 1024);
    await go.close();
    await expect.poll(() => cards.cards, { timeout: 10_000 }).toEqual([]);
    expect(await readFile(asked, "utf8")).toMatch(
      /^--query-gpu=index,name,\S+ --format=csv,noheader,nounits --loop-ms=1000\n$/,
    );
    expect(new NvidiaCards(device, join(folder, "no-such-command")).cards).toEqual([]);
  });

  it("describes the machine as the files of Linux do", async () => {
    const files: Record<string, string> = {
      "etc/os-release": 'PRETTY_NAME="Debian 12"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\n',
      "proc/cpuinfo": [0, 1]
        .map((n) => `processor\t: ${n}\nvendor_id\t: GenuineIntel\nmodel name\t: Xeon\ncpu MHz\t\t: 2299.998\n`)
        .join("\n"),
      "proc/self/mounts":
        "proc /proc proc rw 0 0\n/dev/sda1 /data\\040set ext4 rw 0 0\n/dev/sda1 /twice ext4 rw 0 0\n/dev/sdb /gone xfs rw 0 0\n",
      "sys/devices/sda/queue/rotational": "1\n",
      "sys/devices/sda/sda1/partition": "1\n",
      "data set/file": "",
    };
    const root = join(folder, "machine");
    for (const [file, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, file)), { recursive: true });
      await writeFile(join(root, file), text);
    }
    await mkdir(join(root, "sys/class/block"), { recursive: true });
    await symlink(join(root, "sys/devices/sda/sda1"), join(root, "sys/class/block/sda1"));
    const core = { vendor_id: "GenuineIntel", brand: "Xeon", frequency: 2300 };
    expect(readLinuxMachine(root)).toEqual({
      os_version: "Linux 12 Debian GNU/Linux",
      cores: [
        { name: "cpu0", ...core },
        { name: "cpu1", ...core },
      ],
      disks: [{ disk_type: "HDD", size: expect.any(Number), format: "ext4", mountpoint: "/data set" }],
    });
    expect(readLinuxMachine(join(root, "nowhere"))).toEqual({});
  });

  it("has the traffic of the network interfaces", async () => {
    const file = join(folder, "net-dev");
    await writeFile(file, "Inter-| Receive\n face |bytes\n    lo: 3193 29 0 0 0 0 0 0 4000 30 0 0 0 0 0 0\n");
    expect(readNetworkCounters(file)).toEqual([
      {
        name: "lo",
        total_bytes_received: 3193,
        total_bytes_transmitted: 4000,
        total_packets_received: 29,
        total_packets_transmitted: 30,
      },
    ]);
    expect(readNetworkCounters("/no/such")).toEqual([]);
  });
});

import { readKernelFile } from "./kernel-file.ts";

/** The traffic of a network interface since boot. */
export interface NetworkCounters {
  readonly name: string;
  readonly total_bytes_received: number;
  readonly total_bytes_transmitted: number;
  readonly total_packets_received: number;
  readonly total_packets_transmitted: number;
}

/** Reads the traffic of each network interface from Linux; empty on other systems. */
export function readNetworkCounters(file = "/proc/net/dev"): NetworkCounters[] {
  return readKernelFile(file)
    .split("\n")
    .flatMap((line) => {
      const [name, counts] = line.split(":");
      if (!name || counts === undefined) return [];
      const [received = 0, receivedPackets = 0, , , , , , , transmitted = 0, transmittedPackets = 0] = counts
        .trim()
        .split(/\s+/)
        .map(Number);
      return {
        name: name.trim(),
        total_bytes_received: received,
        total_bytes_transmitted: transmitted,
        total_packets_received: receivedPackets,
        total_packets_transmitted: transmittedPackets,
      };
    });
}

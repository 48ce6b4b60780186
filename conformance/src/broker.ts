import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shared } from "./paths.ts";

const script = join(shared, "peer", "broker.sh");

/** A private broker on the loopback, with its management interface on the next port. */
export interface Broker {
  readonly port: number;
  /** The folder of its data. */
  readonly folder: string;
  stop(): Promise<void>;
}

/** Starts a private broker. */
export async function startBroker(): Promise<Broker> {
  const folder = mkdtempSync(join(tmpdir(), "mcai-conformance-broker-"));
  const port = await findPorts();
  await run("start", String(port), folder);
  return {
    port,
    folder,
    async stop() {
      await run("stop", folder);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function run(...args: string[]): Promise<void> {
  const child = spawn(script, args, { stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.on("data", (data) => {
    errors += data;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    // The broker keeps the standard error open, so "close" does not follow.
    child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`broker.sh ${args[0]}: ${errors}`))));
  });
}

// The script uses four consecutive ports.
async function findPorts(): Promise<number> {
  for (let port = 23_100 + 4 * Math.floor(Math.random() * 1000); ; port += 4) {
    if (port > 60_000) throw new Error("there are no four consecutive free ports");
    const free = await Promise.all([0, 1, 2, 3].map((offset) => isFree(port + offset)));
    if (free.every(Boolean)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.on("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

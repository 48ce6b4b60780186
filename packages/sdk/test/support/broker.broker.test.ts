import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "amqplib";
import { describe, expect, it, vi } from "vitest";
import { startBroker, useVirtualHost } from "./broker.ts";

const host = useVirtualHost();
const version = process.env.MCAI_TEST_BROKER_VERSION || undefined;
const command = join(import.meta.dirname, "../../../../scripts/broker.mjs");

/** Returns the processes and the container of a broker that runs in this folder. */
function running(folder: string): string[] {
  const processes = readdirSync("/proc").flatMap((pid) => {
    try {
      const ours = readFileSync(`/proc/${pid}/environ`, "latin1").includes(`HOME=${folder}`);
      return ours ? [readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ")] : [];
    } catch {
      return []; // not a process, or one that has just ended, or one of another user
    }
  });
  const { stdout } = spawnSync("docker", ["ps", "--all", "--no-trunc", "--format", "{{.Names}} {{.Mounts}}"]);
  const containers = stdout?.toString().split("\n") ?? [];
  return [...processes, ...containers.filter((line) => line.includes(folder))];
}

async function getOne(broker: { hostname: string; port: number; vhost?: string }, queue: string) {
  const connection = await connect({ ...broker, username: "guest", password: "guest" });
  const channel = await connection.createChannel();
  const message = await channel.get(queue, { noAck: true });
  await connection.close();
  return message === false ? undefined : message.content.toString();
}

async function publishOne(broker: { hostname: string; port: number; vhost?: string }, queue: string, text: string) {
  const connection = await connect({ ...broker, username: "guest", password: "guest" });
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(queue, { durable: true });
  channel.sendToQueue(queue, Buffer.from(text), { persistent: true });
  await channel.waitForConfirms();
  return connection;
}

describe.concurrent("the broker of the tests", { timeout: 120_000 }, () => {
  it("carries a message only in the virtual host of the test file", async () => {
    const { hostname, port, vhost } = host();
    const connection = await publishOne({ hostname, port, vhost }, "shared", "to the shared one");
    await connection.close();
    expect(await host().manage("GET", `/queues/${vhost}/shared`)).toMatchObject({ name: "shared", durable: true });
    expect(await host().manage("GET", "/queues/%2F")).toEqual([]);
    expect(await getOne({ hostname, port, vhost }, "shared")).toBe("to the shared one");
  });

  it("has the requested version, and accepts TLS connections that trust its authority", async () => {
    const { hostname, tlsPort, caFile, vhost, version: started } = host();
    if (version !== undefined) expect(started).toMatch(new RegExp(`^${version}\\.\\d+$`));
    const address = {
      protocol: "amqps",
      hostname,
      port: tlsPort as number,
      vhost,
      username: "guest",
      password: "guest",
    };
    const connection = await connect(address, { ca: [readFileSync(caFile as string)] });
    expect(connection.connection.serverProperties.version).toBe(started);
    await connection.close();
    await expect(connect(address)).rejects.toThrow(/certificate/);
  });

  it("keeps a confirmed message when it is killed, hangs while it is paused, and leaves nothing after stop", async () => {
    const broker = await startBroker({ version, tls: true, config: { heartbeat: 7 } });
    const folder = join(broker.caFile as string, "../..");
    const connection = await publishOne(broker, "kept", "confirmed");
    connection.on("error", () => {}); // the connection is reset; the test waits for "close"
    const closed = new Promise((resolve) => connection.on("close", resolve));
    // The broker confirms the message when it is on disk, but not the declaration of its queue.
    await broker.ctl("eval", "catch mnesia:sync_log().");
    await broker.kill();
    await closed;
    await expect(broker.ctl("status")).rejects.toThrow("not running");
    await broker.restart();
    expect(await getOne(broker, "kept")).toBe("confirmed");
    expect(await broker.ctl("eval", "application:get_env(rabbit, heartbeat).")).toContain("{ok,7}");

    await broker.pause();
    const late = connect({ ...broker, username: "guest", password: "guest" });
    const first = await Promise.race([late, new Promise((resolve) => setTimeout(resolve, 300, "no answer"))]);
    expect(first).toBe("no answer");
    await broker.resume();
    await (await late).close();

    expect(running(folder)).not.toEqual([]);
    await broker.stop();
    expect(running(folder)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
    await expect(broker.restart()).rejects.toThrow("stopped");
  });

  it("leaves nothing after the process that started it is killed", async () => {
    const folder = await mkdtemp(join(tmpdir(), "mcai-killed-"));
    const args = [command, "start", ...(version === undefined ? [] : ["--version", version])];
    const child = spawn(process.execPath, args, { stdio: "ignore", env: { ...process.env, TMPDIR: folder } });
    await vi.waitFor(() => expect(running(folder)).not.toEqual([]), 20_000);
    child.kill("SIGKILL");
    await vi.waitFor(() => {
      expect(running(folder)).toEqual([]);
      expect(readdirSync(folder)).toEqual([]);
    }, 20_000);
    await rmdir(folder);
  });

  it("says what was tried if RabbitMQ is not installed", async () => {
    const folder = await mkdtemp(join(tmpdir(), "mcai-no-broker-"));
    const code = `const { startBroker } = await import(${JSON.stringify(command)});
      await startBroker({ version: "4.0" }).catch(({ code, message }) => console.log(code, message));
      await startBroker({ version: "2.8" }).catch(({ name, message }) => console.log(name, message));`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", code], {
      env: { PATH: folder, MCAI_BROKER_CACHE: folder },
      encoding: "utf8",
    });
    await rm(folder, { recursive: true });
    const [missing, unknown] = stdout.split("\n");
    expect(missing).toMatch(
      /^NO_BROKER No RabbitMQ to start: no RabbitMQ 4\.0 is installed; apt is not here; no docker/,
    );
    expect(unknown).toBe("RangeError RabbitMQ 2.8 is not known here, only 3.10, 4.0, 4.3");
  });
});

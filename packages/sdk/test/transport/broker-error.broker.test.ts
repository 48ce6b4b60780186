import { afterAll, describe, expect, it } from "vitest";
import { useVirtualHost } from "../support/broker.ts";
import { runWorkerOn, urlOf } from "../support/broker-worker.ts";
import { openWorkersFolder } from "../support/run-local.ts";
import { Wire } from "../support/wire.ts";

const virtualHost = useVirtualHost();
const folder = await openWorkersFolder();
afterAll(() => folder.remove());

describe("an error of the broker", { timeout: 30_000 }, () => {
  it.each<[what: string, env: Record<string, string>, exitCode: number, message: RegExp]>([
    ["rejects the login", { AMQP_PASSWORD: "wrong" }, 74, /login refused; check AMQP_USERNAME and AMQP_PASSWORD/],
    ["does not have the virtual host", { AMQP_VHOST: "absent" }, 75, /check AMQP_VHOST/],
    ["is unreachable", { AMQP_PORT: "1", AMQP_CONNECTION_MAX_RETRY: "1" }, 72, /ECONNREFUSED.*attempt 2/],
    ["does not speak TLS", { AMQP_TLS: "true" }, 73, /TLS failed.*AMQP_TLS/],
  ])("ends the process with its own exit code if the broker %s", async (_, env, exitCode, message) => {
    const { exitCode: code, stderr } = await runWorkerOn(folder, virtualHost(), "job_refused", { env }).end();
    expect(stderr).toMatch(message);
    expect(code).toBe(exitCode);
  });

  it("names the queue that is already declared with different properties", async () => {
    const wire = await Wire.open(urlOf(virtualHost()), "job_other");
    await wire.channel.assertQueue("job_other", { durable: true });
    const { exitCode, stderr } = await runWorkerOn(folder, virtualHost(), "job_other").end();
    await wire.close();
    expect(exitCode).toBe(77);
    expect(stderr).toMatch(/queue job_other \(durable, \{.*"x-max-priority":100.*inequivalent arg/);
  });
});

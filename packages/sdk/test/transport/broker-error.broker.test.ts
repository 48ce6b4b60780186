import { afterAll, describe, expect, it } from "vitest";
import { useVirtualHost } from "../support/broker.ts";
import { runWorkerOn, urlOf } from "../support/broker-worker.ts";
import { RefusingProxy } from "../support/refusing-proxy.ts";
import { openWorkersFolder } from "../support/run-local.ts";
import { Wire } from "../support/wire.ts";

const virtualHost = useVirtualHost();
const folder = await openWorkersFolder();
afterAll(() => folder.remove());

describe("an error of the broker", { timeout: 30_000 }, () => {
  it.each<[what: string, env: Record<string, string>, exitCode: number, message: RegExp]>([
    ["rejects the login", { AMQP_PASSWORD: "wrong" }, 74, /login refused; check AMQP_USERNAME and AMQP_PASSWORD/],
    ["does not have the virtual host", { AMQP_VHOST: "absent" }, 75, /vhost.* not found; check AMQP_VHOST/],
    ["is unreachable", { AMQP_PORT: "1", AMQP_CONNECTION_MAX_RETRY: "1" }, 72, /ECONNREFUSED.*attempt 2/],
    ["does not speak TLS", { AMQP_TLS: "true" }, 73, /TLS failed.*AMQP_TLS/],
  ])("ends the process with its own exit code if the broker %s", async (_, env, exitCode, message) => {
    const { exitCode: code, stderr } = await runWorkerOn(folder, virtualHost(), "job_refused", { env }).end();
    expect(stderr).toMatch(message);
    expect(code).toBe(exitCode);
  });

  it("names a broker that has no login mechanism of the worker", async () => {
    const proxy = await RefusingProxy.open(virtualHost().port, { hidesMechanisms: true });
    const env = { AMQP_PORT: String(proxy.port) };
    const { exitCode, stderr } = await runWorkerOn(folder, virtualHost(), "job_no_mechanism", { env }).end();
    await proxy.close();
    expect(stderr).toMatch(/no login mechanism that the worker knows: PLAIN, or EXTERNAL with a client certificate/);
    expect(exitCode).toBe(74);
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

describe("a limit of the broker", { timeout: 30_000 }, () => {
  const both = /Connected to the broker[\s\S]*Connected to the broker/;

  it("on the connections of a virtual host is named, and waited for", async () => {
    const { vhost, manage } = virtualHost();
    const foreign = await Wire.open(urlOf(virtualHost()), "job_foreign");
    await manage("PUT", `/vhost-limits/${vhost}/max-connections`, { value: 2 });
    const run = runWorkerOn(folder, virtualHost(), "job_limited");
    await run.waitFor(/a limit of the broker is reached: .*connection limit \(2\).*next attempt/);
    await foreign.close();
    await run.waitFor(both);
    await manage("DELETE", `/vhost-limits/${vhost}/max-connections`);
    run.signal("SIGTERM");
    expect((await run.end()).exitCode).toBe(0);
  });

  it.each([
    ["connections", 1],
    ["channels", 2],
  ])("on the %s of a user is named, and waited for", async (what, value) => {
    const { vhost, manage } = virtualHost();
    const user = `limited-${crypto.randomUUID()}`;
    await manage("PUT", `/users/${user}`, { password: "secret", tags: "" });
    await manage("PUT", `/permissions/${vhost}/${user}`, { configure: ".*", write: ".*", read: ".*" });
    await manage("PUT", `/user-limits/${user}/max-${what}`, { value });
    // Connections that are opened at the same time may pass a limit together: the broker counts them later.
    const foreign = await Wire.open(urlOf(virtualHost()).replace("guest:guest", `${user}:secret`), "job_foreign");
    const env = { AMQP_USERNAME: user, AMQP_PASSWORD: "secret" };
    const run = runWorkerOn(folder, virtualHost(), `job_user_${what}`, { env });
    await run.waitFor(new RegExp(`a limit of the broker is reached: .*limit.*${value}.*next attempt`));
    await foreign.close();
    await manage("DELETE", `/user-limits/${user}/max-${what}`);
    await run.waitFor(both);
    run.signal("SIGTERM");
    expect((await run.end()).exitCode).toBe(0);
    await manage("DELETE", `/users/${user}`);
  });

  it("ends the worker with 72 after AMQP_CONNECTION_MAX_RETRY", async () => {
    const { vhost, manage } = virtualHost();
    await manage("PUT", `/vhost-limits/${vhost}/max-connections`, { value: 0 });
    const run = runWorkerOn(folder, virtualHost(), "job_full", { env: { AMQP_CONNECTION_MAX_RETRY: "1" } });
    const { exitCode, stderr } = await run.end();
    await manage("DELETE", `/vhost-limits/${vhost}/max-connections`);
    expect(stderr).toMatch(/connection limit \(0\) is reached.*\(attempt 2, AMQP_CONNECTION_MAX_RETRY\)/);
    expect(exitCode).toBe(72);
  });
});

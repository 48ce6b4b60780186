import { describe, expect, it } from "vitest";
import { startBroker, useVirtualHost } from "../support/broker.ts";
import { job } from "../support/run-local.ts";
import { useWorkers } from "../support/use-workers.ts";

const virtualHost = useVirtualHost();
const { start, closeAtEnd } = await useWorkers(virtualHost);

let nextId = 800;
const messageOf = ({ parameters }: { readonly parameters: readonly { readonly value: unknown }[] }) =>
  String(parameters[0]?.value);

describe("an answer that is larger than the broker takes", { timeout: 60_000 }, () => {
  it("is an error that fits when an error repeats an order of 9 MB", async () => {
    const { wire, run } = await start();
    const [first, second] = [nextId++, nextId++];
    await wire.sendJob(job(first, { action: "fail", text: "é".repeat(4_500_000) }));
    await wire.sendJob(job(second));
    const message = messageOf((await wire.next("job_error", first)).body);
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(65_536);
    expect(message).toMatch(/^Error: failed on purpose: é+ … \(\d+ bytes cut\) … é+$/);
    await wire.next("job_completed", second);
    run.signal("SIGTERM");
    expect((await run.end()).exitCode).toBe(0);
  });

  it("is replaced before it is sent when a variable lowers the limit", async () => {
    const { wire } = await start({ env: { MCAI_MAX_RESPONSE_BYTES: "100000", MCAI_MAX_ERROR_BYTES: "1000000" } });
    const ids = [nextId++, nextId++, nextId++] as const;
    await wire.sendJob(job(ids[0], { action: "repeat", count: 200_000 }));
    await wire.sendJob(job(ids[1], { action: "fail", text: "\u0001".repeat(200_000) }));
    await wire.sendJob(job(ids[2], { action: "repeat", count: 90_000 }));
    expect(messageOf((await wire.next("job_error", ids[0])).body)).toMatch(/more than the maximum of 100000/);
    expect(messageOf((await wire.next("job_error", ids[1])).body)).toMatch(/bytes cut/);
    await wire.next("job_completed", ids[2]);
  });

  it("is replaced, and its channel opened again, when the broker takes less than its version says", async () => {
    await using broker = await startBroker({ management: true, config: { max_message_size: 1_048_576 } });
    const host = { ...virtualHost(), ...broker, vhost: "%2F", env: { ...virtualHost().env, AMQP_VHOST: "/" } };
    const { wire, run, close } = await start(
      { env: { AMQP_PORT: String(broker.port), AMQP_CONNECTION_MAX_RETRY: "0" } },
      host,
    );
    closeAtEnd({ close });
    const ids = [nextId++, nextId++, nextId++] as const;
    await wire.sendJob(job(ids[0], { action: "repeat", count: 2_000_000 }));
    await wire.sendJob(job(ids[1], { action: "repeat", count: 2_000_000 }));
    await wire.sendJob(job(ids[2]));
    for (const id of ids.slice(0, 2))
      expect(messageOf((await wire.next("job_error", id)).body)).toMatch(/more than the maximum of 1048576/);
    await wire.next("job_completed", ids[2]);
    run.signal("SIGTERM");
    const { exitCode, log } = await run.end();
    expect(exitCode).toBe(0);
    expect(log.filter(({ text }) => /1048576 bytes/.test(text) && text.includes("PRECONDITION_FAILED"))).toHaveLength(
      1,
    );
    expect(wire.kinds(ids[0])).toEqual(["job_progression", "job_error"]);
    await close();
  });
});

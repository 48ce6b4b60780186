import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TransportUnderTest, transportContract } from "../../src/testing.ts";
import { FileTransport } from "../../src/transport/files.ts";
import type { Delivery } from "../../src/transport/transport.ts";
import { silentLog } from "../support/silent-log.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mcai-transport-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function makeTransport(bodies: readonly string[]): Promise<TransportUnderTest> {
  const files = await Promise.all(
    bodies.map(async (body, i) => {
      const file = join(folder, `${i}.json`);
      await writeFile(file, body);
      return file;
    }),
  );
  const lines: string[] = [];
  const event = (_level: unknown, _name: string, { response }: Readonly<Record<string, unknown>>) =>
    void lines.push(JSON.stringify(response));
  const log = { ...silentLog, shows: () => true, event, forJob: () => log };
  const transport = new FileTransport(files, log);
  const published = async () => lines.map((line) => ({ body: Buffer.from(line) }));
  return { transport, published };
}

describe("FileTransport", () => {
  for (const { name, run } of transportContract(makeTransport)) it(name, run);

  it("names a file that it cannot read, and continues with the next", async () => {
    const good = join(folder, "good.json");
    await writeFile(good, "{}");
    const errors: string[] = [];
    const log = { ...silentLog, error: (line: string) => void errors.push(line) };
    const transport = new FileTransport(["", join(folder, "absent.json"), folder, good], log);
    const received: Delivery[] = [];
    await transport.start({
      onDelivery: (delivery) => {
        received.push(delivery);
        void delivery.settle("acknowledge");
      },
    });
    await transport.consume(true);
    await transport.ended;
    expect(received.map(({ origin }) => origin)).toEqual([good]);
    expect(transport.unreadable).toBe(3);
    expect(errors.join("\n")).toMatch(
      /The order file "" cannot be read: ENOENT[\s\S]*absent\.json" cannot be read[\s\S]*EISDIR/,
    );
  });

  it("logs responses with the names of the reference and the id of the job", async () => {
    const lines: unknown[] = [];
    const logFor = (id: number | undefined) => ({
      ...silentLog,
      shows: () => true,
      event: (...line: unknown[]) => void lines.push([id, ...line]),
      forJob: logFor,
    });
    const transport = new FileTransport([], logFor(undefined));
    const publish = (routingKey: string, body: object) =>
      transport.publish({ exchange: "job_response", routingKey, body: Buffer.from(JSON.stringify(body)) });
    await publish("job_completed", { job_id: 1 });
    await publish("job_progression", { job_id: 1 });
    await publish("worker_terminated", { name: "w" });
    expect(lines).toEqual([
      [1, "debug", "Completed", { response: { job_id: 1 } }],
      [1, "debug", "Feedback", { response: { job_id: 1 } }],
      [undefined, "debug", "WorkerTerminated", { response: { name: "w" } }],
    ]);
  });

  it("replaces a response that is larger than the maximum, or leaves it out, and says so", async () => {
    const lines: string[] = [];
    const note = (line: string) => void lines.push(line);
    const event = (_level: unknown, name: string) => note(name);
    const log = { ...silentLog, shows: () => true, event, error: note, forJob: () => log };
    const transport = new FileTransport([], log, 100);
    const body = Buffer.from(`{"job_id":1,"text":"${"x".repeat(100)}"}`);
    const large = { exchange: "job_response", routingKey: "job_completed", body, jobId: 1 } as const;
    const substitute = (maxBytes: number) =>
      ({ exchange: "job_response", routingKey: "job_error", body: Buffer.from(`{"job_id":${maxBytes}}`) }) as const;
    await transport.publish({ ...large, substitute });
    await transport.publish(large);
    expect(lines).toEqual([
      "job_completed of job 1: 122 bytes, more than the maximum of 100; job_error is sent instead.",
      "Error",
      "job_completed of job 1: 122 bytes, more than the maximum of 100; it is not sent.",
    ]);
  });
});

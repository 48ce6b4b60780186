import { EventEmitter } from "node:events";
import type { ChannelModel } from "amqplib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { encodeResponse, toErrorResult } from "../../src/response/response.ts";
import { Outbox } from "../../src/transport/amqp/outbox.ts";
import type { Message } from "../../src/transport/transport.ts";
import { silentLog as log } from "../support/silent-log.ts";

type Answer = "take" | "refuse" | "nothing" | "too large";

/** A broker whose channels answer as the test says; `sent` are the messages that it got, as `routing key text`. */
class FakeBroker {
  readonly sent: string[] = [];
  channels = 0;
  answer: (key: string, text: string) => Answer = () => "take";
  maxBytes = 100_000;

  connect(): ChannelModel {
    const connection = Object.assign(new EventEmitter(), {
      connection: { serverProperties: { version: "4.3.6" } },
      createConfirmChannel: async () => {
        this.channels++;
        const channel = new EventEmitter();
        return Object.assign(channel, {
          publish: (_: string, key: string, body: Buffer, __: object, done: (error: Error | null) => void) => {
            const text = body.toString();
            this.sent.push(`${key} ${text.slice(0, 20)}`);
            const answer = this.answer(key, text);
            if (answer === "take") queueMicrotask(() => done(null));
            else if (answer === "refuse") queueMicrotask(() => done(new Error("message nacked")));
            else if (answer === "too large")
              queueMicrotask(() => {
                const said = `message size ${body.length} is larger than configured max size ${this.maxBytes}`;
                channel.emit("error", new Error(`Channel closed by server: 406 (PRECONDITION-FAILED) with "${said}"`));
                done(new Error("channel closed"));
                channel.emit("close");
              });
          },
        });
      },
    });
    return connection as unknown as ChannelModel;
  }

  /** The messages that were sent since the last call. */
  take(): string[] {
    return this.sent.splice(0);
  }
}

const resets: string[] = [];
const holds: boolean[] = [];
let broker: FakeBroker;
let outbox: Outbox;

beforeEach(async () => {
  vi.useFakeTimers();
  resets.length = 0;
  holds.length = 0;
  broker = new FakeBroker();
  outbox = new Outbox({
    ...{ log, maxResponseBytes: undefined },
    reset: (why) => resets.push(why),
    onHeld: (isHeld) => holds.push(isHeld),
  });
  await outbox.attach(broker.connect());
});

afterEach(() => {
  outbox.close();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const publish = (routingKey: string, text: string, more: Partial<Message> = {}) => {
  const exchange = routingKey.startsWith("job_") ? "job_response" : "worker_response";
  return outbox.publish({ exchange, routingKey, body: Buffer.from(text), properties: {}, ...more });
};
const progress = (jobId: number, percent: number) =>
  publish("job_progression", `${jobId} at ${percent}`, { jobId, replaces: `progression ${jobId}` });
const complete = (jobId: number) => publish("job_completed", `${jobId}`, { jobId, isLast: true });

describe("a message that the broker refuses", () => {
  it("is sent again after 1, 2, 4 … 60 s, without a new channel or connection", async () => {
    broker.answer = () => "refuse";
    void complete(1);
    const at: number[] = [];
    for (let second = 0; second <= 250; second++) {
      at.push(...broker.take().map(() => second));
      await pass(1000);
    }
    expect(at).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    expect([broker.channels, resets]).toEqual([1, []]);
  });

  it("holds up later messages of its job, and no others; it is confirmed when the broker takes it", async () => {
    broker.answer = (key) => (key === "worker_started" ? "refuse" : "take");
    const started = publish("worker_started", "1", { jobId: 1 });
    await pass(0);
    void progress(1, 0);
    void complete(1);
    void complete(2);
    await publish("worker_status", "idle");
    expect(broker.take()).toEqual(["worker_started 1", "job_completed 2", "worker_status idle"]);
    expect([holds, outbox.isHeld]).toEqual([[true], true]);
    broker.answer = () => "take";
    await pass(1000);
    await started;
    expect(broker.take()).toEqual(["worker_started 1", "job_progression 1 at 0", "job_completed 1"]);
    expect([holds, outbox.messages, outbox.sizeBytes]).toEqual([[true, false], 0, 0]);
  });

  it("holds up the next job if it is an order that returns to its queue", async () => {
    broker.answer = () => "refuse";
    const returned = outbox.publish({
      exchange: "",
      routingKey: "job_test",
      body: Buffer.from("order"),
      properties: {},
    });
    await pass(0);
    expect(holds).toEqual([true]);
    broker.answer = () => "take";
    await pass(1000);
    await returned;
    expect(holds).toEqual([true, false]);
  });

  it("is not overtaken by what its job publishes at the same moment, unless its route has been open", async () => {
    broker.answer = (key) => (key === "job_progression" ? "refuse" : "take");
    void progress(1, 0);
    void complete(1);
    await pass(0);
    expect(broker.take()).toEqual(["job_progression 1 at 0"]);
    broker.answer = () => "take";
    await pass(1000);
    expect(broker.take()).toEqual(["job_progression 1 at 0", "job_completed 1"]);
    // Both are on their way before the first answer.
    broker.answer = (key) => (key === "job_progression" ? "refuse" : "take");
    const late = progress(2, 0);
    void complete(2);
    expect(broker.take()).toEqual(["job_progression 2 at 0", "job_completed 2"]);
    await late;
    await pass(100_000);
    expect([broker.take(), outbox.messages, outbox.isHeld]).toEqual([[], 0, false]);
  });

  it("is sent again alone where hundreds are refused at once, and all follow when there is room", async () => {
    broker.answer = () => "refuse";
    const all = Array.from({ length: 300 }, (_, i) => publish("job_error", `${i}`, { jobId: i, isLast: true }));
    await pass(0);
    expect(broker.take()).toHaveLength(300);
    await pass(30_000);
    // After 1, 3, 7 and 15 s, and each time another.
    expect(broker.take()).toEqual(["job_error 0", "job_error 1", "job_error 2", "job_error 3"]);
    let taken = 0;
    broker.answer = () => (taken++ < 100 ? "take" : "refuse");
    await pass(1000);
    expect(broker.take()).toHaveLength(101);
    broker.answer = () => "take";
    await pass(1000);
    await Promise.all(all);
    expect(broker.take()).toHaveLength(200);
  });

  it("keeps its pauses when another message of its kind is taken", async () => {
    broker.answer = (_, text) => (text === "large" ? "refuse" : "take");
    void publish("job_error", "large", { jobId: 1, isLast: true });
    const at: number[] = [];
    for (let second = 0; second <= 31; second++) {
      void publish("job_error", "small", { jobId: 2, isLast: true });
      await pass(0);
      at.push(...broker.take().flatMap((one) => (one === "job_error large" ? [second] : [])));
      await pass(1000);
    }
    expect(at).toEqual([0, 1, 3, 7, 15, 31]);
  });

  it("keeps its pause when the connection is lost and made again, and then again until it is confirmed", async () => {
    broker.answer = (key) => (key === "job_completed" ? "refuse" : "nothing");
    void complete(1);
    void publish("worker_status", "idle");
    await pass(500);
    outbox.detach();
    broker.take();
    await outbox.attach(broker.connect());
    expect(broker.take()).toEqual(["worker_status idle"]);
    broker.answer = () => "nothing";
    await pass(500);
    expect(broker.take()).toEqual(["job_completed 1"]);
    // What it was sent again on is lost before the answer.
    outbox.detach();
    broker.answer = () => "take";
    await outbox.attach(broker.connect());
    expect(broker.take()).toEqual(["worker_status idle", "job_completed 1"]);
    await pass(0);
    expect(outbox.messages).toBe(0);
  });

  it("is replaced by a newer state, so that memory stays bounded", async () => {
    broker.answer = () => "refuse";
    const statuses = [];
    for (let i = 0; i < 10_000; i++) {
      void progress(1, i);
      statuses.push(publish("worker_status", `${i}`, { replaces: "worker_status" }));
      if (i === 0) await pass(0);
    }
    expect(outbox.messages).toBe(2);
    broker.take();
    broker.answer = () => "take";
    await pass(1000);
    expect(broker.take()).toEqual(["job_progression 1 at 9999", "worker_status 9999"]);
    await Promise.all(statuses);
  });

  it("does not count for the deadline of confirms; one without an answer does", async () => {
    broker.answer = () => "refuse";
    void complete(1);
    await pass(120_000);
    expect(resets).toEqual([]);
    broker.answer = () => "nothing";
    void publish("worker_status", "idle");
    await pass(36_000);
    expect(resets).toContain("the broker did not confirm a message within 30 s");
  });
});

describe("a message that is larger than the broker takes", () => {
  it("is replaced in its place on a new channel, and then before it is sent", async () => {
    broker.answer = (_, text) => (text.length > broker.maxBytes ? "too large" : "take");
    const connection = broker.connect();
    await outbox.attach(connection);
    broker.channels = 0;
    const large = (jobId: number) =>
      publish("job_completed", "x".repeat(200_000), {
        ...{ jobId, isLast: true },
        substitute: (maxBytes) => encodeResponse("job_error", toErrorResult(jobId, `more than ${maxBytes}`)),
      });
    await publish("worker_status", "first");
    await Promise.all([large(1), publish("worker_black_list", "y".repeat(100_001)), publish("worker_status", "next")]);
    expect(broker.take().map((one) => one.split(" ")[0])).toEqual([
      ...["worker_status", "job_completed", "worker_black_list", "worker_status"],
      ...["job_error", "worker_status"],
    ]);
    expect(broker.channels).toBe(1);
    await large(2);
    await publish("worker_black_list", "y".repeat(100_001));
    expect(broker.take().map((one) => one.split(" ")[0])).toEqual(["job_error"]);
    expect([broker.channels, resets, outbox.messages]).toEqual([1, [], 0]);
  });

  it("is an error for an order, which has no substitute", async () => {
    broker.answer = (_, text) => (text.length > broker.maxBytes ? "too large" : "take");
    const order = { exchange: "", routingKey: "job_test", properties: {}, body: Buffer.alloc(200_000, "o") };
    await expect(outbox.publish(order)).rejects.toThrow(/100000 bytes/);
    await publish("worker_status", "idle");
    expect([resets, outbox.messages]).toEqual([[], 0]);
  });
});

import { AssertionError } from "node:assert";
import { describe, expect, it } from "vitest";
import { MemoryTransport } from "../../src/testing/memory-transport.ts";
import { type Transport, type TransportListener, transportContract } from "../../src/testing.ts";

/** A correct transport; each subclass has one fault. */
class Faulty implements Transport {
  readonly memory = new MemoryTransport();

  start(listener: TransportListener): Promise<void> {
    return this.memory.start(listener);
  }

  consume(jobs: boolean): Promise<void> {
    return this.memory.consume(jobs);
  }

  publish(message: Parameters<Transport["publish"]>[0]): Promise<void> {
    return this.memory.publish(message);
  }

  stop(): Promise<void> {
    return this.memory.stop();
  }
}

class Eager extends Faulty {
  override async start(listener: TransportListener): Promise<void> {
    await super.start(listener);
    await super.consume(true);
  }
}

class Impatient extends Faulty {
  override start(listener: TransportListener): Promise<void> {
    return super.start({
      onDelivery(delivery) {
        listener.onDelivery(delivery);
        void delivery.settle("acknowledge");
      },
    });
  }
}

class Lossy extends Faulty {
  override start(listener: TransportListener): Promise<void> {
    return super.start({
      onDelivery: (delivery) =>
        listener.onDelivery({ ...delivery, settle: async (how) => (await delivery.settle(how)) && how !== "delay" }),
    });
  }
}

class Reordering extends Faulty {
  override async publish(message: Parameters<Transport["publish"]>[0]): Promise<void> {
    this.memory.published.unshift(message);
  }
}

class Endless extends Faulty {
  override async stop(): Promise<void> {}
}

describe("transportContract", () => {
  it.each<[fault: string, failing: RegExp, make: () => Faulty]>([
    ["delivers before consume(true)", /nothing before consume/, () => new Eager()],
    ["delivers a message before the last one was settled", /one message at a time/, () => new Impatient()],
    ["loses a settlement", /each settlement/, () => new Lossy()],
    ["publishes in another order", /in the order of the calls/, () => new Reordering()],
    ["delivers after stop()", /nothing after stop/, () => new Endless()],
  ])("fails for a transport that %s", async (_, failing, make) => {
    const tests = transportContract(async (bodies) => {
      const transport = make();
      for (const body of bodies) void transport.memory.deliver(Buffer.from(body));
      return { transport, published: async () => transport.memory.published };
    });
    const test = tests.find(({ name }) => failing.test(name));
    await expect(test?.run()).rejects.toThrow(AssertionError);
  });
});

import { deepEqual, equal, match } from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import type { Delivery, Message, Settlement, Transport } from "../transport/transport.ts";

/** A transport whose job queue holds messages, and what it published. */
export interface TransportUnderTest {
  /** Not started yet: each test starts and stops it. */
  readonly transport: Transport;
  /** Returns every message that was published so far, in the order in which it arrived. */
  published(): Promise<readonly Pick<Message, "body">[]>;
}

/** One test of {@link transportContract}. */
export interface TransportTest {
  /** A sentence that says what the transport does. */
  readonly name: string;
  /** Rejects with an `AssertionError` if the transport does not do it. */
  run(): Promise<void>;
}

/**
 * Returns the tests that every {@link Transport} passes. They run under any test runner, and wait for a message without
 * a limit: the timeout is the test runner's.
 *
 * @param make - Called once by each test: creates a transport and puts a message into its job queue for each of these
 * bodies, in order.
 *
 * @example
 * ```ts
 * for (const { name, run } of transportContract(makeTransport)) it(name, run);
 * ```
 */
export function transportContract(
  make: (bodies: readonly string[]) => Promise<TransportUnderTest>,
): readonly TransportTest[] {
  return tests.map(({ name, bodies = [], run }) => ({ name, run: async () => run(await make(bodies)) }));
}

interface ContractTest {
  readonly name: string;
  readonly bodies?: readonly string[];
  run(subject: TransportUnderTest): Promise<void>;
}

const tests: readonly ContractTest[] = [
  {
    name: "delivers nothing before consume(true), and then one message at a time, in order",
    bodies: ["1", "2", "3"],
    async run({ transport }) {
      const deliveries = new Deliveries();
      await transport.start(deliveries);
      await setImmediate();
      deepEqual(deliveries.bodies, []);
      await transport.consume(true);
      for (const count of [1, 2, 3]) {
        const delivery = await deliveries.next();
        await setImmediate();
        equal(deliveries.bodies.length, count, "the next message came before this one was settled");
        await delivery.settle("acknowledge");
      }
      deepEqual(deliveries.bodies, ["1", "2", "3"]);
      await transport.stop();
    },
  },
  {
    name: "delivers a requeued message again after the next consume(true)",
    bodies: ["1", "2"],
    async run({ transport }) {
      const deliveries = new Deliveries();
      await transport.start(deliveries);
      await transport.consume(true);
      const first = await deliveries.next();
      await transport.consume(false);
      await first.settle("requeue");
      await transport.consume(true);
      for (let i = 0; i < 2; i++) await (await deliveries.next()).settle("acknowledge");
      // A shared queue may put it after the messages that arrived in the meantime.
      deepEqual(deliveries.bodies.toSorted(), ["1", "1", "2"]);
      await transport.stop();
    },
  },
  {
    name: "names the origin of each message, and accepts each settlement that the message allows",
    bodies: ["1", "2", "3"],
    async run({ transport }) {
      const deliveries = new Deliveries();
      await transport.start(deliveries);
      await transport.consume(true);
      const settlements: readonly Settlement[] = ["reject", "delay", "acknowledge"];
      for (const settlement of settlements) {
        const delivery = await deliveries.next();
        match(delivery.origin, /\w/);
        const how = settlement === "delay" && !delivery.canDelay ? "acknowledge" : settlement;
        equal(await delivery.settle(how), true, `${how} did not reach its source`);
      }
      await transport.stop();
    },
  },
  {
    name: "publishes messages in the order of the calls",
    async run({ transport, published }) {
      await transport.start(new Deliveries());
      const texts = Array.from({ length: 20 }, (_, i) => `{"text":"é${i}"}`);
      const publish = (text: string) =>
        transport.publish({ exchange: "job_response", routingKey: "job_completed", body: Buffer.from(text) });
      await Promise.all(texts.map(publish));
      deepEqual((await published()).map(toText), texts);
      await transport.stop();
    },
  },
  {
    name: "delivers nothing after stop()",
    bodies: ["1", "2"],
    async run({ transport }) {
      const deliveries = new Deliveries();
      await transport.start(deliveries);
      await transport.consume(true);
      const first = await deliveries.next();
      await transport.stop();
      await first.settle("acknowledge");
      await setImmediate();
      deepEqual(deliveries.bodies, ["1"]);
    },
  },
];

/** A listener whose deliveries are awaited one by one. */
class Deliveries {
  readonly bodies: string[] = [];
  readonly #pending: Delivery[] = [];
  #arrived: () => void = () => undefined;

  onDelivery(delivery: Delivery): void {
    this.bodies.push(toText(delivery));
    this.#pending.push(delivery);
    this.#arrived();
  }

  async next(): Promise<Delivery> {
    for (;;) {
      const delivery = this.#pending.shift();
      if (delivery) return delivery;
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
  }
}

function toText({ body }: { readonly body: Uint8Array }): string {
  return Buffer.from(body).toString();
}

import { describe, expect, it } from "vitest";
import type { Delivery, Transport } from "../src/transport/transport.ts";

/** A transport in which some messages wait, and what a test needs to see of it. */
export interface TransportUnderTest {
  readonly transport: Transport;
  readonly published: () => Promise<readonly { readonly body: Uint8Array }[]>;
  /** Resolves when every message was settled for good. */
  readonly drained: () => Promise<unknown>;
}

/** What every transport does: one contract, run against all of them. */
export function describeTransport(
  name: string,
  make: (bodies: readonly string[]) => Promise<TransportUnderTest>,
): void {
  describe(`${name} as a transport`, () => {
    it("delivers nothing before it is told to consume, then one message at a time, in order", async () => {
      const { transport, drained } = await make(["1", "2", "3"]);
      const received: string[] = [];
      const waiting: Delivery[] = [];
      let arrived: () => void = () => undefined;
      await transport.open({
        receive: (delivery) => {
          received.push(Buffer.from(delivery.body).toString());
          waiting.push(delivery);
          arrived();
        },
      });
      await transport.consume(true);
      for (let i = 0; i < 3; i++) {
        while (waiting.length === 0) await new Promise<void>((resolve) => (arrived = resolve));
        expect(received).toHaveLength(i + 1);
        await waiting.shift()?.settle("acknowledge");
      }
      await drained();
      expect(received).toEqual(["1", "2", "3"]);
      await transport.close();
    });

    it("brings what was given back again, after a resume", async () => {
      const { transport, drained } = await make(["1", "2"]);
      const received: string[] = [];
      await transport.open({
        receive: (delivery) => {
          received.push(Buffer.from(delivery.body).toString());
          if (received.length > 1) return void delivery.settle("acknowledge");
          void transport
            .consume(false)
            .then(() => delivery.settle("give_back"))
            .then(() => transport.consume(true));
        },
      });
      await transport.consume(true);
      await drained();
      // A shared queue has it behind those that waited meanwhile.
      expect(received.toSorted()).toEqual(["1", "1", "2"]);
      await transport.close();
    });

    it("says where a message came from, and takes every settlement", async () => {
      const { transport, drained } = await make(["1", "2", "3"]);
      const settlements = ["refuse", "delay", "acknowledge"] as const;
      let count = 0;
      await transport.open({
        receive: (delivery) => {
          expect(delivery.origin).toMatch(/\w/);
          void delivery.settle(settlements[count++] ?? "acknowledge");
        },
      });
      await transport.consume(true);
      await drained();
      expect(count).toBe(3);
      await transport.close();
    });

    it("publishes bytes in the order of the calls", async () => {
      const { transport, published } = await make([]);
      await transport.open({ receive: () => undefined });
      const texts = Array.from({ length: 20 }, (_, i) => `{"text":"é${i}"}`);
      await Promise.all(
        texts.map((text) =>
          transport.publish({ exchange: "job_response", routingKey: "job_completed", body: Buffer.from(text) }),
        ),
      );
      expect((await published()).map(({ body }) => Buffer.from(body).toString())).toEqual(texts);
      await transport.close();
    });

    it("delivers nothing after it was closed", async () => {
      const { transport } = await make(["1", "2"]);
      const received: Delivery[] = [];
      let arrived: () => void = () => undefined;
      const first = new Promise<void>((resolve) => (arrived = resolve));
      await transport.open({
        receive: (delivery) => {
          received.push(delivery);
          arrived();
        },
      });
      await transport.consume(true);
      await first;
      await transport.close();
      await received[0]?.settle("acknowledge");
      await new Promise((resolve) => setImmediate(resolve));
      expect(received).toHaveLength(1);
    });
  });
}

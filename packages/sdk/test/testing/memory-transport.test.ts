import { describe, it } from "vitest";
import { MemoryTransport } from "../../src/testing/memory-transport.ts";
import { transportContract } from "../../src/testing.ts";

describe("MemoryTransport", () => {
  const tests = transportContract(async (bodies) => {
    const transport = new MemoryTransport();
    for (const body of bodies) void transport.deliver(Buffer.from(body));
    return { transport, published: async () => transport.published };
  });
  for (const { name, run } of tests) it(name, run);
});

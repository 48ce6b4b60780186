import { describe, expect, it } from "vitest";
import { defaultMaxMessageBytes, readMaxMessageBytes } from "../../src/transport/amqp/message-size.ts";

const mebibyte = 1024 * 1024;

describe("the size of messages", () => {
  it.each([
    ["3.8.9", 128],
    ["3.13.7", 128],
    ["4.0.0", 16],
    ["4.3.6", 16],
    ["unknown", 16],
  ])("of RabbitMQ %s is %d MiB", (version, mebibytes) => {
    expect(defaultMaxMessageBytes(version)).toBe(mebibytes * mebibyte);
  });

  it("is what the broker names", () => {
    const closed = "Channel closed by server: 406 (PRECONDITION-FAILED) with message";
    const named = `${closed} "PRECONDITION_FAILED - message size 30 is larger than configured max size 20"`;
    expect(readMaxMessageBytes(new Error(named))).toBe(20);
    expect(readMaxMessageBytes(new Error(`${closed} "PRECONDITION_FAILED - unknown delivery tag 20"`))).toBeUndefined();
  });
});

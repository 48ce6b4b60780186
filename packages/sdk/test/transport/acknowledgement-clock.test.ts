import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AcknowledgementClock } from "../../src/transport/amqp/acknowledgement-clock.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open(consumerTimeoutMs?: number) {
  const lines: string[] = [];
  const write = (level: string) => (text: string) => void lines.push(`${level} ${text}`);
  const log = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  const clock = new AcknowledgementClock({ queueName: "job_a", settings: { consumerTimeoutMs }, log });
  return { clock, lines };
}

describe("AcknowledgementClock", () => {
  it("says at the start that a default broker has a timeout, without a warning", () => {
    const { clock, lines } = open();
    clock.onBroker(true);
    expect(lines).toEqual([expect.stringMatching(/^info .*30 minutes.*AMQP_CONSUMER_TIMEOUT/)]);
  });

  it.each([
    [undefined, 24 * 60_000, /^warn .*24 min ago.*after 30 min \(the default of RabbitMQ/],
    [10_000, 8000, /^warn .*8 s ago.*after 10 s \(AMQP_CONSUMER_TIMEOUT\)/],
  ])("warns of a job with the timeout %s at 80 %", (timeoutMs, atMs, text) => {
    const { clock, lines } = open(timeoutMs);
    clock.onBroker(true);
    lines.length = 0;
    clock.start();
    vi.advanceTimersByTime(atMs - 1);
    expect(lines).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(lines).toEqual([expect.stringMatching(text)]);
  });

  it("does not warn of a job that was settled, of a broker without a timeout, or of one beyond all timers", () => {
    for (const [timeoutMs, hasTimeout, isSettled] of [
      [1000, true, true],
      [1000, false, false],
      [0xffff_ffff, true, false],
    ] as const) {
      const { clock, lines } = open(timeoutMs);
      clock.onBroker(hasTimeout);
      clock.start();
      if (isSettled) clock.stop();
      vi.advanceTimersByTime(2000);
      expect(lines).toEqual([]);
    }
  });
});

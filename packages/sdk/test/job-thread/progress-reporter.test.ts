import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ProgressReporter } from "../../src/job-thread/progress-reporter.ts";

describe("a progress reporter", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
  afterEach(() => void vi.useRealTimers());

  function makeReporter() {
    const sent: number[] = [];
    const reporter = new ProgressReporter({ intervalMs: 500, send: (percent) => sent.push(percent) });
    return { sent, report: (...percents: number[]) => percents.forEach((one) => void reporter.report(one)), reporter };
  }

  it("sends each percent above all earlier ones at once, and no other", () => {
    const { sent, report } = makeReporter();
    report(0, 20, 10, 20, 15, 21, 21, 3, 22);
    expect(sent).toEqual([20, 21, 22]);
    vi.advanceTimersByTime(5000);
    expect(sent, "a higher percent is newer than the one that waited").toEqual([20, 21, 22]);
  });

  it("sends the newest of the others when the interval has passed", () => {
    const { sent, report } = makeReporter();
    report(80, 10);
    vi.advanceTimersByTime(400);
    report(30);
    vi.advanceTimersByTime(99);
    expect(sent).toEqual([80]);
    vi.advanceTimersByTime(1);
    expect(sent).toEqual([80, 30]);
    vi.advanceTimersByTime(5000);
    expect(sent).toEqual([80, 30]);
  });

  it("sends nothing if the newest is the one that was sent last", () => {
    const { sent, report } = makeReporter();
    report(80, 10, 80);
    vi.advanceTimersByTime(5000);
    expect(sent).toEqual([80]);
  });

  it("drops what waits at the end, and what comes later", () => {
    const { sent, report, reporter } = makeReporter();
    report(80, 10);
    reporter.close();
    report(90, 20);
    vi.advanceTimersByTime(5000);
    expect(sent).toEqual([80]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([1, 10])("sends at most 101 and 2 a second, with %i ms between two changes", (stepMs) => {
    const { sent, report } = makeReporter();
    const percents = [90, 3, 40, 2, 60, 0, 91, 5];
    for (let atMs = 0; atMs < 10_000; atMs += stepMs) {
      report(percents[(atMs / stepMs) % percents.length] as number);
      vi.advanceTimersByTime(stepMs);
    }
    expect(sent.length).toBeGreaterThan(15);
    expect(sent.length).toBeLessThanOrEqual(2 + 20);
  });
});

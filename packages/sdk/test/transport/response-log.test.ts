import { performance } from "node:perf_hooks";
import { describe, expect, it } from "vitest";
import { createLog } from "../../src/log/log.ts";
import { Redactor } from "../../src/log/redactor.ts";
import { logResponse } from "../../src/transport/response-log.ts";

function logged(sizeBytes: number) {
  const lines: string[] = [];
  const log = createLog(
    { level: "debug", json: true, file: undefined, color: false },
    { instanceId: "test", queueName: "job_test" },
    new Redactor(["a-secret-value"]),
    { stderr: { write: (line) => lines.push(line) } },
  );
  // Escapes and percent-encoding are what is searched longest.
  const value = '"%20\\"'.repeat(sizeBytes).slice(0, sizeBytes);
  const body = Buffer.from(JSON.stringify({ job_id: 71, status: "completed", parameters: [{ id: "text", value }] }));
  const start = performance.now();
  logResponse(log, { exchange: "job_response", routingKey: "job_completed", body, jobId: 71 });
  const durationMs = performance.now() - start;
  return { body, durationMs, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe("the log of responses", () => {
  it("has a response whole", () => {
    const { lines, body } = logged(1000);
    expect(lines).toEqual([expect.objectContaining({ msg: "Completed", job_id: 71, level: "debug" })]);
    expect(lines[0]?.response).toEqual(JSON.parse(body.toString()));
  });

  it("has the size alone of a large one, whatever it costs to read", () => {
    const { lines, body, durationMs } = logged(14 * 1024 * 1024);
    const msg = `Completed: a response of ${body.length} bytes; the log shows at most 262144.`;
    expect(lines).toEqual([expect.objectContaining({ msg, job_id: 71, level: "debug", response_bytes: body.length })]);
    expect(lines[0]).not.toHaveProperty("response");
    // Reading and redacting it takes many seconds.
    expect(durationMs).toBeLessThan(500);
  });
});

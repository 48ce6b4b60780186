import { describe, expect, it } from "vitest";
import { formatLine } from "../../src/log/log-line.ts";

describe("formatLine", () => {
  const line = {
    time: "2026-01-05T10:00:03.120Z",
    level: "info",
    instance_id: "4f2a",
    queue: "job_probe",
    msg: "hello",
  };

  it("formats a line as the reference does", () => {
    expect(formatLine(JSON.stringify(line), false)).toBe(
      "2026-01-05 10:00:03.120 UTC - 4f2a - job_probe - -1 - INFO - hello\n",
    );
    expect(formatLine(JSON.stringify({ ...line, job_id: 71, fields: { a: 1 } }), false)).toMatch(
      / - 71 - INFO - hello \{"a":1\}\n$/,
    );
    expect(formatLine(JSON.stringify(line), true)).toContain("\u001b[32mINFO\u001b[0m");
  });
});

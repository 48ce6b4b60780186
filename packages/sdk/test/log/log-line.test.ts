import { describe, expect, it } from "vitest";
import { formatJson, formatText, type LogRecord } from "../../src/log/log-line.ts";

const time = "2026-01-05T10:00:03.120Z";
const identity = { instanceId: "4f2a", queueName: "job_probe" };
const record: LogRecord = { level: "info", message: "hello", jobId: undefined, details: {} };
const textOf = (message: string) => formatText(time, identity, { ...record, message }, false);

describe("formatText", () => {
  it("formats a line as the reference does", () => {
    expect(textOf("hello")).toBe("2026-01-05 10:00:03.120 UTC - 4f2a - job_probe - -1 - INFO - hello\n");
    expect(formatText(time, identity, { ...record, jobId: 71, details: { fields: { a: 1 } } }, false)).toMatch(
      / - 71 - INFO - hello \{"a":1\}\n$/,
    );
    expect(formatText(time, identity, record, true)).toContain("\u001b[32mINFO\u001b[0m");
  });

  it("indents the further lines of a text, so that none looks like a line of the log", () => {
    const forged = "2026-01-05 10:00:03.120 UTC - 4f2a - job_probe - 71 - INFO - forged";
    for (const end of ["\n", "\r\n"]) expect(textOf(`a${end}${forged}`)).toMatch(/ - INFO - a\n {4}2026.* - forged\n$/);
  });

  it.each([
    ["the escapes of a terminal", "\u001b[2K\u001b[1A", "\\u001b[2K\\u001b[1A"],
    ["a return to the start of the line", "a\rb", "a\\u000db"],
    ["backspaces", "a\b", "a\\u0008"],
    ["a control character of eight bits", "\u009b2K", "\\u009b2K"],
    [
      "text that runs backwards",
      "\u202eabc\u202c \u2066x\u2069 \u200f\u061c",
      "\\u202eabc\\u202c \\u2066x\\u2069 \\u200f\\u061c",
    ],
    ["other ends of lines", "a\u2028b\u2029c\u0085d\u000be\u000cf", "a\\u2028b\\u2029c\\u0085d\\u000be\\u000cf"],
  ])("escapes %s", (_, text, shown) => {
    expect(textOf(text)).toBe(textOf("TEXT").replace("TEXT", () => shown));
  });

  it("leaves other text as it is", () => {
    const text = 'tab\tcafé 日本語 🎬 {"a":"b\\\\n"}';
    expect(textOf(text)).toBe(textOf("TEXT").replace("TEXT", () => text));
  });
});

describe("formatJson", () => {
  it("is one line of JSON without control characters, whatever the text is", () => {
    const message = 'a\n\u001b[2K\u009b\u2028\u202e"\\';
    const line = formatJson(time, { ...identity, queueName: 'q"\n' }, { ...record, jobId: 7, message });
    expect(line).toMatch(/^[^\p{Cc}\p{Bidi_Control}\u2028]*\n$/u);
    expect(JSON.parse(line)).toEqual({
      level: "info",
      time,
      instance_id: "4f2a",
      queue: 'q"\n',
      job_id: 7,
      msg: message,
    });
  });
});

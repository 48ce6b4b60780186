import { describe, expect, it } from "vitest";
import type { LogSettings } from "../../src/env.ts";
import { createLog } from "../../src/log/log.ts";
import { Redactor } from "../../src/log/redactor.ts";

const cyclic: Record<string, unknown> = { a: 1 };
cyclic.self = cyclic;
const throwing = new Proxy({}, { get: fail, ownKeys: fail, getPrototypeOf: fail });
const hostile = {
  toString: fail,
  toJSON: fail,
  get name() {
    return fail();
  },
  [Symbol.for("nodejs.util.inspect.custom")]: fail,
};
const badError = Object.defineProperty(new Error("bad"), "stack", { get: fail });

function fail(): never {
  throw new Error("must not be seen");
}

const values: [string, unknown, string | RegExp][] = [
  ["undefined", undefined, "undefined"],
  ["null", null, "null"],
  ["a number", 42, "42"],
  ["a bigint", 10n, "10n"],
  ["a symbol", Symbol("x"), "Symbol(x)"],
  ["an object", { a: [1] }, "{ a: [ 1 ] }"],
  ["an error", new TypeError("boom"), /^TypeError: boom\n +at /],
  ["an object without a prototype", Object.create(null), /^\[Object: null prototype\]/],
  ["a function", fail, "[Function: fail]"],
  ["a cycle", cyclic, /\[Circular \*1\]/],
  ["a value that throws wherever it is touched", hostile, "[a value that cannot be shown]"],
  ["a proxy that throws", throwing, /./],
  ["an error whose stack throws", badError, /./],
];

function open(settings: Partial<LogSettings>, secrets: unknown[] = []) {
  const lines: string[] = [];
  const log = createLog(
    { level: "info", json: true, file: undefined, color: false, ...settings },
    { instanceId: "test", queueName: "job_test" },
    new Redactor(secrets),
    { stderr: { write: (line: string) => lines.push(line) } },
  );
  return { log, lines };
}

describe("a log call", () => {
  it.each(values)("takes %s as its message", (_, value, shown) => {
    const { log, lines } = open({});
    log.info(value as string);
    open({ json: false }).log.info(value as string);
    const { msg } = JSON.parse(lines[0] ?? "") as { msg: string };
    if (typeof shown === "string") expect(msg).toBe(shown);
    else expect(msg).toMatch(shown);
  });

  it.each(values)("takes %s as its fields, and within them", (_, value) => {
    const { log, lines } = open({});
    log.info("a line", value as Record<string, unknown>);
    log.info("a line", { value });
    open({ json: false }).log.info("a line", { value });
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ msg: "a line" });
  });

  it("shows integers without a limit, and errors, within fields", () => {
    const { log, lines } = open({});
    log.info("a line", { size: 10n, error: Object.assign(new TypeError("boom"), { code: "E" }) });
    const { fields } = JSON.parse(lines[0] ?? "") as { fields: unknown };
    expect(fields).toMatchObject({ size: "10", error: { name: "TypeError", message: "boom", code: "E" } });
  });

  it("shows no secret in any form, and stays JSON when the secret looks like JSON", () => {
    const { log, lines } = open({}, ["s3cret", "true", '":1,"']);
    log.info({ a: "s3cret" } as never, { b: "s3cret", size: 10n });
    log.info("a line", { b: true });
    log.info("a line", { b: 1, c: 2 });
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty("msg");
    expect(lines.join("")).not.toContain("s3cret");
  });
});

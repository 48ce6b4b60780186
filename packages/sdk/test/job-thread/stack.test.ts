import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { messageOf } from "../../src/errors.ts";
import { stackOf } from "../../src/job-thread/stack.ts";

const unreadable = {
  get: () => {
    throw new Error("a getter of the error");
  },
};

describe("stackOf and messageOf", () => {
  it.each(["cause", "stack", "name", "errors"])("tell what was thrown although its %s cannot be read", (property) => {
    const error = Object.defineProperty(new Error("the disk is full"), property, unreadable);
    expect(messageOf(error)).toContain("the disk is full");
    expect(stackOf(error)).toContain("the disk is full");
  });

  it.each([
    Object.create(null) as object,
    new Proxy({}, { getPrototypeOf: unreadable.get, get: unreadable.get }),
    { toString: unreadable.get },
    Symbol("no text"),
  ])("tell of an error with a cause that is no error", (cause) => {
    const stack = stackOf(new Error("the disk is full", { cause }));
    expect(stack).toMatch(/the disk is full.*stack\.test\.ts.*Caused by: /s);
  });

  it("tell what was thrown although its message is no text", () => {
    const error = Object.assign(new Error("none"), { message: Symbol("of a library"), name: Symbol("odd") });
    expect(messageOf(error)).toBe("Symbol(odd): Symbol(of a library)");
    expect(messageOf(Object.defineProperty(new TypeError("x"), "message", unreadable))).toMatch(/^TypeError: /);
  });

  it("tell of an error of another context", () => {
    const error: unknown = runInNewContext('new RangeError("too far", { cause: new Error("the first") })');
    expect(messageOf(error)).toBe("RangeError: too far");
    expect(stackOf(error)).toMatch(/RangeError: too far.*Caused by: Error: the first/s);
  });

  it("never throw, whatever is thrown", () => {
    const proxies = [new Proxy({}, { getPrototypeOf: unreadable.get }), new Proxy(new Error("x"), unreadable)];
    for (const thrown of proxies) {
      expect(typeof messageOf(thrown)).toBe("string");
      expect(["string", "undefined"]).toContain(typeof stackOf(thrown));
    }
  });
});

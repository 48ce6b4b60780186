import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutText } from "../../src/response/cut-text.ts";
import { encodeError } from "../../src/response/response.ts";

describe("cutText", () => {
  it("cuts the middle, so that the beginning and a code at the end stay", () => {
    const text = cutText(`Error: ${"é😀".repeat(100_000)} does not exist [STORE_FAILED]`, 300);
    expect(text).toMatch(/^Error: [é😀]+ … \(\d+ bytes cut\) … [é😀]+ does not exist \[STORE_FAILED\]$/u);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(300);
  });

  it("returns a text that fits, and no other is longer than the maximum or has half a character", () => {
    const text = fc.string({ unit: "binary", maxLength: 2000 });
    fc.assert(
      fc.property(text, fc.integer({ min: 64, max: 4000 }), (whole, maxBytes) => {
        const short = cutText(whole, maxBytes);
        if (Buffer.byteLength(whole) <= maxBytes) return short === whole;
        const [head = "", count, tail = ""] = short.split(/ … \((\d+) bytes cut\) … /);
        const kept = Buffer.byteLength(head) + Buffer.byteLength(tail);
        return (
          Buffer.byteLength(short) <= maxBytes &&
          whole.startsWith(head) &&
          whole.endsWith(tail) &&
          kept + Number(count) === Buffer.byteLength(whole)
        );
      }),
    );
  });
});

describe("encodeError", () => {
  it("has a substitute of any size, whatever JSON makes of the text", () => {
    const message = encodeError("job_error", { jobId: 1, message: "\u0001".repeat(10_000_000) }, 1_000_000);
    for (const maxBytes of [4096, 65_536, 5_000_000]) {
      const { body, routingKey } = message.substitute?.(maxBytes) ?? {};
      expect(routingKey).toBe("job_error");
      expect(body?.length).toBeLessThanOrEqual(maxBytes);
      expect(body?.length).toBeGreaterThan(maxBytes / 4);
    }
  });
});

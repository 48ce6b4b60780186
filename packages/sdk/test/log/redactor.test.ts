import { describe, expect, it } from "vitest";
import { Redactor } from "../../src/log/redactor.ts";

const bytesOf = (text: string) => Buffer.from(text);
const allPercent = (text: string) =>
  [...bytesOf(text)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");

describe("Redactor", () => {
  it("replaces every encoding of a secret, the longest secret first", () => {
    const redactor = new Redactor(["s3cret", "s3cret/longer", { password: 'with "quotes"', pin: "123" }]);
    expect(redactor.redact("s3cret s3cret/longer s3cret%2Flonger")).toBe("[redacted] [redacted] [redacted]");
    expect(redactor.redact(JSON.stringify({ a: 'with "quotes"' }))).toBe('{"a":"[redacted]"}');
    expect(redactor.redact("123")).toBe("123");
  });

  it("replaces secrets that overlap once", () => {
    expect(new Redactor(["abcdef", "defghi", "efgh"]).redact("-abcdefghi-abcdefabcdef-")).toBe(
      "-[redacted]-[redacted][redacted]-",
    );
  });

  const secret = 'pa/ss+wörd "x" \\ $& %41\n😀<&>?';
  it.each<[string, (text: string) => string]>([
    ["as it is", (text) => text],
    ["in JSON", (text) => JSON.stringify(text)],
    ["in JSON that escapes more", (text) => JSON.stringify(text).replaceAll("/", "\\/").replaceAll("<", "\\u003c")],
    [
      "in JSON of ASCII",
      (text) =>
        JSON.stringify(text).replaceAll(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`),
    ],
    ["in JSON in JSON", (text) => JSON.stringify(JSON.stringify(text))],
    ["percent-encoded", (text) => encodeURIComponent(text)],
    [
      "percent-encoded in small letters",
      (text) => encodeURIComponent(text).replaceAll(/%../g, (code) => code.toLowerCase()),
    ],
    ["percent-encoded entirely", allPercent],
    ["percent-encoded twice", (text) => encodeURIComponent(encodeURIComponent(text))],
    ["as a part of a path", (text) => new URL(`http://h/${encodeURI(text).replaceAll("?", "%3F")}/x`).href],
    ["as a password", (text) => Object.assign(new URL("http://h/"), { username: "u", password: text }).href],
    ["as a form", (text) => new URLSearchParams({ a: text }).toString()],
    ["in base64", (text) => bytesOf(text).toString("base64")],
    ["in base64 without padding", (text) => bytesOf(text).toString("base64").replace(/=+$/, "")],
    ["in base64 for URLs", (text) => bytesOf(text).toString("base64url")],
    ["in percent-encoded base64", (text) => encodeURIComponent(bytesOf(text).toString("base64"))],
  ])("replaces a secret %s", (_, encode) => {
    const clean = new Redactor([secret]).redact(`before ${encode(secret)} after`);
    expect(clean).toMatch(/^before .*\[redacted\].* after$/);
    expect(clean.length).toBeLessThan(45);
  });

  it("replaces what base64 of any alignment has of a secret", () => {
    const redactor = new Redactor(["s3cret-t0ken/with+more"]);
    for (const before of ["", "u", "us", "use", "user:"])
      for (const after of ["", "x", "xy", "xyz"])
        for (const alphabet of ["base64", "base64url"] as const) {
          const clean = redactor.redact(bytesOf(`${before}s3cret-t0ken/with+more${after}`).toString(alphabet));
          expect(clean).toContain("[redacted]");
          expect(Buffer.from(clean.replace("[redacted]", ""), "base64").toString()).not.toMatch(/s3c|ken|more/);
        }
  });

  it("replaces every text and number of an object, and of JSON in a text", () => {
    const redactor = new Redactor();
    redactor.add({ user: "root", pins: [123_456, 12], nested: '{"key":"inner-key"}' });
    expect(redactor.redact("root 123456 12 inner-key")).toBe("[redacted] [redacted] 12 [redacted]");
    expect(redactor.redactFields({ a: ["root"], root: 123_456, b: 7, c: null, d: { e: "x inner-key" } })).toEqual({
      a: ["[redacted]"],
      "[redacted]": "[redacted]",
      b: 7,
      c: null,
      d: { e: "x [redacted]" },
    });
    let deep: unknown = "deep-secret";
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    redactor.add(deep);
    expect(redactor.redact("deep-secret")).toBe("[redacted]");
  });

  it("does not show fields that are not JSON", () => {
    const fields: Record<string, unknown> = {};
    fields.self = fields;
    expect(new Redactor(["s3cret"]).redactFields(fields)).toEqual({ fields: "[redacted]" });
  });

  it.each([
    [
      "GET https://b.example/o?X-Amz-Signature=abc&x=1: failed",
      "GET https://b.example/o?X-Amz-Signature=[redacted]&x=[redacted]: failed",
    ],
    ["amqp://guest:s3cret@h:5672/v", "amqp://[redacted]@h:5672/v"],
    ["https://ghp_token@github.com/a", "https://[redacted]@github.com/a"],
    ["http://user:pa/ss?w@rd@h/x", "http://[redacted]@h/x"],
    ["http://user:pa/ss@h/x", "http://[redacted]@h/x"],
    ["srt://h:9000?passphrase=abc&mode=caller, then", "srt://h:9000?passphrase=[redacted]&mode=[redacted], then"],
    ["(see https://h/a?b#c).", "(see https://h/a?[redacted])."],
    ["https://h/#access_token=abc", "https://h/#access_token=[redacted]"],
    ["https://h/?dG9rZW4=&dG9rZW4==&tok", "https://h/?[redacted]&[redacted]&[redacted]"],
    ['{"u":"https:\\/\\/u:p@h\\/a?b=c","v":1}', '{"u":"https:\\/\\/[redacted]@h\\/a?b=[redacted]","v":1}'],
    ["to=https%3A%2F%2Fu%3Ap%40h%2Fa%3Fsig%3Dabc end", "to=https%3A%2F%2F[redacted]%40h%2Fa%3F[redacted] end"],
    ["https://a/b?c\\nnext line", "https://a/b?[redacted]\\nnext line"],
    ["GET /o?X-Amz-Signature=abc&X-Amz-Credential=d", "GET /o?X-Amz-Signature=[redacted]&X-Amz-Credential=[redacted]"],
    ["https://h/a?", "https://h/a?"],
    ["http://[::1]:80/a, http://h:80/a@b", "http://[::1]:80/a, http://h:80/a@b"],
    ["is it /data/in.mp4? a=b://", "is it /data/in.mp4? a=b://"],
    ["https://github.com/m/r/blob/main/docs/x.md#anchor", "https://github.com/m/r/blob/main/docs/x.md#anchor"],
  ])("replaces the user and the query of the address in %s", (text, clean) => {
    const redactor = new Redactor();
    expect(redactor.redact(text)).toBe(clean);
    expect(redactor.redact(clean)).toBe(clean);
    expect(redactor.redactFields({ text })).toEqual({ text: clean });
  });

  it.each(["://user@host/", "://host?a=", "://", "://host/#", "://user:"])(
    "redacts an address of 9 MB after %s",
    (start) => {
      const redactor = new Redactor();
      const text = `cannot open http${start}${"a".repeat(9_000_000)}: it does not exist`;
      expect(redactor.redact(text)).toMatch(/^cannot open http:\/\/.*: it does not exist$/s);
    },
  );

  it("remembers the newest thousand secrets of jobs, and those of the environment for good", () => {
    const redactor = new Redactor(["permanent-secret"]);
    for (let i = 0; i < 5000; i++) {
      redactor.add(`secret-of-job-${i}-`);
      redactor.add("kept-secret");
    }
    expect(redactor.redact("permanent-secret kept-secret secret-of-job-4300-")).toBe(
      "[redacted] [redacted] [redacted]",
    );
    expect(redactor.redact("secret-of-job-1-")).toBe("secret-of-job-1-");
  });

  it("takes as long for a thousand secrets as for one, and the time that a text takes", () => {
    const many = new Redactor(Array.from({ length: 1000 }, (_, i) => `${i}-${crypto.randomUUID()}`));
    const line = "2026-01-05 a line of the log with about a hundred characters and the number 1234567 in it".repeat(2);
    const startedAt = performance.now();
    for (let i = 0; i < 2000; i++) many.redact(line);
    expect(performance.now() - startedAt).toBeLessThan(500);
    for (const text of [
      "a".repeat(1 << 20),
      "://".repeat(1 << 18),
      "%41".repeat(1 << 18),
      "://a:".repeat(1 << 17),
      "\\".repeat(1 << 20),
      "?sig=".repeat(1 << 17),
      `://h?a=${".".repeat(1 << 20)}x`,
      `://h/${"#".repeat(1 << 20)}`,
    ]) {
      const at = performance.now();
      many.redact(text);
      expect([text.slice(0, 6), performance.now() - at < 1500]).toEqual([text.slice(0, 6), true]);
    }
  });
});

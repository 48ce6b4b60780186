import { describe, expect, it } from "vitest";
import { encodeResponse, toErrorResult } from "../../src/response/response.ts";
import { probeConfiguration } from "../support/probe-worker.ts";

describe("a response", () => {
  it("is JSON in UTF-8", () => {
    const { exchange, routingKey, body } = encodeResponse("job_error", toErrorResult(1, "café 日本 😀"));
    expect([exchange, routingKey]).toEqual(["job_response", "job_error"]);
    expect(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body))).toMatchObject({
      parameters: [{ value: "café 日本 😀" }],
    });
    expect(encodeResponse("worker_created", probeConfiguration()).exchange).toBe("worker_response");
  });
});

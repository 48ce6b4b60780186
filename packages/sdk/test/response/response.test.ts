import { describe, expect, it } from "vitest";
import { encodeResponse, toErrorResult } from "../../src/response/response.ts";
import { toConfiguration } from "../../src/response/worker-configuration.ts";
import { toMetadata } from "../../src/worker/metadata.ts";

const fields = { name: "@acme/probe", version: "1.4.0", description: "Reads media", license: "MIT" };
const toWire = (overrides = {}) =>
  toConfiguration(
    {
      ...toMetadata(fields, overrides, "package.json"),
      parameters: { type: "object", properties: {} },
      hasInitProcess: false,
    },
    { instanceId: "4f2a90c1d7be", queueName: "job_probe", directMessagingIdentifier: "x" },
  );

describe("a response", () => {
  it("is JSON in UTF-8", () => {
    const { exchange, routingKey, body } = encodeResponse("job_error", toErrorResult(1, "café 日本 😀"));
    expect([exchange, routingKey]).toEqual(["job_response", "job_error"]);
    expect(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body))).toMatchObject({
      parameters: [{ value: "café 日本 😀" }],
    });
    expect(encodeResponse("worker_created", toWire()).exchange).toBe("worker_response");
  });
});

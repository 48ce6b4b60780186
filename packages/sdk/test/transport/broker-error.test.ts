import { describe, expect, it } from "vitest";
import { isRefusal, toBrokerError, toVirtualHostError } from "../../src/transport/amqp/broker-error.ts";

describe("toBrokerError", () => {
  it.each<[said: string, code: string]>([
    [
      'Connection closed: 530 (NOT-ALLOWED) with message "… the maximum allowed limit of (1) is reached"',
      "BROKER_LIMIT_REACHED",
    ],
    ["No channels left to allocate", "BROKER_LIMIT_REACHED"],
    ["SASL mechanism PLAIN is not provided by the server", "BROKER_LOGIN_REFUSED"],
    ['Connection closed: 320 (CONNECTION-FORCED) with message "…"', "BROKER_UNREACHABLE"],
  ])("takes %s for %s", (said, code) => expect(toBrokerError(new Error(said), "broker b").code).toBe(code));

  it("has the reason of each address of a host", () => {
    const error = new AggregateError([
      new Error("connect ECONNREFUSED ::1:1"),
      new Error("connect ECONNREFUSED 127.0.0.1:1"),
    ]);
    expect(toBrokerError(error, "broker b").message).toBe(
      "broker b: connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1",
    );
  });
});

describe("toVirtualHostError", () => {
  const refusal = (code: number, text: string) => toVirtualHostError("broker b", { code, text }, undefined);

  it.each<[text: string, isRefusal: boolean]>([
    ["NOT_ALLOWED - vhost absent not found", true],
    ["NOT_ALLOWED - access to vhost '/' refused for user 'u'", true],
    ["NOT_ALLOWED - access to vhost '/' refused for user 'u': connection limit (2) is reached", false],
    ["NOT_ALLOWED - connection refused for user 'u': user connection limit (1) is reached", false],
  ])("takes 530 %s for a refusal: %s", (text, refuses) => expect(isRefusal(refusal(530, text))).toBe(refuses));

  it("takes a virtual host that is down for a broker that cannot be reached", () =>
    expect(refusal(541, "INTERNAL_ERROR - vhost '/' is down").code).toBe("BROKER_UNREACHABLE"));

  it("names a limit if the broker does not say why", () => {
    const { code, message } = toVirtualHostError("broker b", undefined, undefined);
    expect(code).toBe("BROKER_LIMIT_REACHED");
    expect(message).toMatch(/a limit of connections may be reached/);
  });
});

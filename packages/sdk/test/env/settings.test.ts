import { describe, expect, it } from "vitest";
import { environmentSecrets, readStoreAccess } from "../../src/env/stores.ts";
import { readSettings } from "../../src/env.ts";

describe("readSettings", () => {
  it("has the defaults of the protocol", () => {
    expect(readSettings({})).toEqual({
      describe: false,
      sourceOrders: undefined,
      queueName: "job_undefined",
      directMessagingIdentifier: undefined,
      maxDeaths: 4,
      maxErrorBytes: 65_536,
      maxResponseBytes: undefined,
      maxSoftRejects: 800,
      drainTimeoutMs: 20_000,
      stopGraceMs: undefined,
      shutdownGraceMs: 2000,
      maxPendingUpdates: 10_000,
      maxPendingUpdateBytes: 64 * 1024 * 1024,
      progressIntervalMs: 500,
      threads: undefined,
      jobTimeoutMs: undefined,
      health: undefined,
      hasBackend: false,
      broker: {
        hosts: [{ hostname: "127.0.0.1", port: 5672 }],
        username: "guest",
        password: "guest",
        hasUsername: false,
        virtualHost: "/",
        tls: false,
        tlsCertificateFile: undefined,
        tlsClient: undefined,
        tlsVerify: true,
        cluster: false,
        deliveryMode: 2,
        consumerTimeoutMs: undefined,
        maxRetries: undefined,
        heartbeatSeconds: 10,
      },
      log: { level: "info", json: false, file: undefined, color: undefined },
      warnings: [],
      logBufferBytes: 1024 * 1024,
    });
  });

  it.each([
    ["1", true],
    ["true", true],
    ["TRUE", true],
    ["0", false],
    ["yes", false],
    ["", false],
  ])("reads DESCRIBE=%s as %s", (DESCRIBE, described) => expect(readSettings({ DESCRIBE }).describe).toBe(described));

  it.each([
    [{ MCAI_LOG: "WARNING" }, "warn"],
    [{ MCAI_LOG: "debug", RUST_LOG: "error" }, "debug"],
    [{ RUST_LOG: "hyper=error,trace" }, "trace"],
    [{ RUST_LOG: "off" }, "silent"],
    [{ RUST_LOG: "mcai=loud" }, "info"],
    [{ MCAI_LOG: " Off " }, "silent"],
  ])("reads %o as log level %s", (env, level) => expect(readSettings(env).log.level).toBe(level));

  it("names the variable that is invalid", () => {
    for (const name of ["MCAI_STOP_GRACE_MS", "MCAI_DRAIN_TIMEOUT_MS", "MCAI_THREADS", "MESSAGE_TTL_LIMIT"])
      for (const text of ["-1", "1.5", "soon", "99999999999"])
        expect(() => readSettings({ [name]: text })).toThrow(
          new RegExp(`^${name}: expected a whole number from .* got "${text}"`),
        );
  });

  it.each([
    [{ AMQP_TLS_CLIENT_CERT: "c.pem" }, /^AMQP_TLS_CLIENT_CERT: expected AMQP_TLS_CLIENT_KEY to be set too/],
    [{ AMQP_TLS_CLIENT_KEY: "c.key" }, /^AMQP_TLS_CLIENT_KEY: expected AMQP_TLS_CLIENT_CERT to be set too/],
    [{ AMQP_TLS_CLIENT_CERT: "c.pem", AMQP_TLS_CLIENT_KEY: "c.key" }, /^AMQP_TLS_CLIENT_CERT: expected TLS to be on/],
  ])("refuses %o", (env, message) => expect(() => readSettings(env)).toThrow(message));

  it("reads the access to a store by the exact code of the store", () => {
    expect(readStoreAccess({ Mine_HOSTNAME: "http://h/api/", Mine_TOKEN: "t" }, "Mine")).toEqual({
      hostname: "http://h/api",
      username: "",
      password: "",
      token: "t",
    });
    expect(readStoreAccess({}, "VAULT").hostname).toBe("http://127.0.0.1:8200/v1");
    expect(environmentSecrets({ A_PASSWORD: "p", B_TOKEN: "t", C: "c", D_TOKEN: "" })).toEqual(["p", "t"]);
  });
});

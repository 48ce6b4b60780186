import { describe, expect, it } from "vitest";
import { readStoreAccess } from "../../src/env/stores.ts";
import type { Environment } from "../../src/env/values.ts";
import { readSettings } from "../../src/env.ts";
import { McaiError } from "../../src/errors.ts";
import { EnvironmentStore } from "../../src/parameters/environment-store.ts";
import { documentedVariables, variablesReadBy } from "../support/documented-variables.ts";

const hostile = {
  empty: "",
  blank: "   ",
  "in the wrong case": "TrUe-iSh",
  huge: "x".repeat(100_000),
  "with a line feed": "a\nb",
  "with a carriage return": "5672\r",
  "with an escape sequence": "a\u001b[31mb",
  "with a C1 control character": "a\u009bb",
  "with a direction mark": "a\u202eb",
  "with an invisible character": "a\u200bb",
  "with half of a pair": "a\ud800b",
  "not in UTF-8": "a\ufffdb",
  "outside of ASCII": "名前-é",
  padded: " a",
};
type Hostile = keyof typeof hostile;

/** What the worker makes of a value: an error, the default, the default with a warning, or the value itself. */
type Verdict = "refused" | "unset" | "warned" | "taken";
type Verdicts = { readonly [Kind in Hostile]: Verdict };

const every = (verdict: Verdict): Verdicts => ({
  ...(Object.fromEntries(Object.keys(hostile).map((kind) => [kind, verdict])) as Verdicts),
  empty: "unset",
});
const text: Verdicts = { ...every("refused"), "in the wrong case": "taken", "outside of ASCII": "taken" };
const password: Verdicts = { ...every("taken"), empty: "taken", huge: "refused" };

/** Every variable of the core: what it makes of hostile values, and other values that it takes and refuses. */
const table: Readonly<Record<string, { verdicts: Verdicts; takes?: string[]; refuses?: string[] }>> = {
  DESCRIBE: { verdicts: every("warned"), takes: ["1", "true", "TRUE"] },
  SOURCE_ORDERS: { verdicts: { ...every("taken"), empty: "taken" } },
  AMQP_QUEUE: {
    verdicts: text,
    takes: ["job_a", "é".repeat(127), "a.b", "a*"],
    refuses: [
      "é".repeat(128),
      "amq.x",
      "#",
      "*",
      "job.*",
      "a.#.b",
      "worker_response_not_found",
      "job_delayed",
      "job_completed",
      "job_worker_manager",
      "direct_messaging_a",
    ],
  },
  DIRECT_MESSAGING_IDENTIFIER: { verdicts: text, takes: ["x".repeat(238)], refuses: ["x".repeat(239), "not_found"] },
  BACKEND_HOSTNAME: {
    verdicts: every("refused"),
    takes: ["http://b:4000/api", "https://[::1]/api/", "HTTP://b_1"],
    refuses: [
      "b:4000",
      "ftp://b",
      "http://",
      "http://u:s3cret@b/api",
      "http://b/api?s3cret=1",
      "http://b/#s3cret",
      `http://${"x".repeat(64)}/api`,
      "http://a..b",
      "http://999.1.1.1",
      "http://b:99999",
    ],
  },
  MESSAGE_TTL_LIMIT: { verdicts: every("refused"), takes: ["0"], refuses: ["-1", "1.5", "1e3", "99999999999", "0x5"] },
  MESSAGE_SOFT_LIMIT: { verdicts: every("refused"), takes: ["0"], refuses: ["-1", "1.5", "1e3", "99999999999"] },
  MCAI_JOB_TIMEOUT_MS: { verdicts: every("refused"), takes: ["1"], refuses: ["0"] },
  MCAI_STOP_GRACE_MS: { verdicts: every("refused"), takes: ["1"], refuses: ["0", "soon"] },
  MCAI_DRAIN_TIMEOUT_MS: { verdicts: every("refused"), takes: ["0"], refuses: ["2147483648"] },
  MCAI_MAX_PENDING_UPDATES: { verdicts: every("refused"), takes: ["1"], refuses: ["0"] },
  MCAI_MAX_PENDING_UPDATE_BYTES: { verdicts: every("refused"), takes: ["1"], refuses: ["0"] },
  MCAI_MAX_RESPONSE_BYTES: { verdicts: every("refused"), takes: ["4096", "536870912"], refuses: ["4095", "536870913"] },
  MCAI_MAX_ERROR_BYTES: { verdicts: every("refused"), takes: ["256"], refuses: ["255"] },
  MCAI_PROGRESS_INTERVAL_MS: { verdicts: every("refused"), takes: ["1"], refuses: ["0"] },
  MCAI_LOG_BUFFER_BYTES: { verdicts: every("refused"), takes: ["4096"], refuses: ["4095"] },
  MCAI_THREADS: { verdicts: every("refused"), takes: ["1"], refuses: ["0"] },
  MCAI_LOG: { verdicts: every("refused"), takes: ["warn", "OFF", "warn,hyper=error"], refuses: ["foo", "hyper=error"] },
  RUST_LOG: { verdicts: every("warned"), takes: ["warn", "OFF", "warn,hyper=error"] },
  ONLY_JSON_LOGS: { verdicts: every("warned"), takes: ["1"] },
  FILE_LOGGING: { verdicts: text, takes: ["/var/log/worker.log"], refuses: ["x".repeat(4097)] },
  NO_COLOR: { verdicts: every("taken") },
  FORCE_COLOR: { verdicts: every("taken"), takes: ["0", "1"] },
  AMQP_HOSTNAME: {
    verdicts: { ...text, "in the wrong case": "taken" },
    takes: [
      "a",
      "a_b",
      "A.b.",
      "a:1",
      "a:1, b:65535",
      "::1",
      "[::1]",
      "[::1]:5673",
      "fe80::1%eth0",
      "127.1",
      "münchen.example",
    ],
    refuses: [
      "amqp://guest:s3cret@a",
      "guest:s3cret@a",
      "guest:s3cret",
      "a,,b",
      ",",
      "a b",
      "a..b",
      ".",
      "-a",
      "a:0",
      "a:65536",
      "a/b",
      "[a]",
      ":::",
      "999.1.1.1",
      "1.2.3.4.5",
      "x".repeat(64),
      Array(64).fill("abc").join("."),
      "ü".repeat(63),
      "xn--a",
    ],
  },
  AMQP_PORT: { verdicts: every("refused"), takes: ["1", "65535", "5671"], refuses: ["0", "65536", "5672a"] },
  AMQP_USERNAME: { verdicts: text, takes: ["x".repeat(255)], refuses: ["x".repeat(256)] },
  AMQP_PASSWORD: { verdicts: password, takes: ["x".repeat(3072)] },
  AMQP_VHOST: { verdicts: text, takes: ["/", "a b"], refuses: ["x".repeat(256)] },
  AMQP_VIRTUAL_HOST: { verdicts: text, takes: ["a"], refuses: ["x".repeat(256)] },
  AMQP_TLS: {
    verdicts: every("refused"),
    takes: ["1", "true", "Yes", " ON ", "0", "false", "no", "OFF"],
    refuses: ["required", "2", "enabled", "y"],
  },
  AMQP_TLS_CERT: { verdicts: text, refuses: ["-----BEGIN PRIVATE KEY-----\ns3cret\n"] },
  AMQP_TLS_CLIENT_CERT: { verdicts: every("refused"), refuses: ["without-key.pem"] },
  AMQP_TLS_CLIENT_KEY: { verdicts: every("refused"), refuses: ["-----BEGIN PRIVATE KEY-----\ns3cret\n"] },
  AMQP_TLS_VERIFY: { verdicts: every("refused"), takes: ["0", "No", "off", "1"], refuses: ["peer", "none"] },
  AMQP_SERVER_CONFIGURATION: { verdicts: every("warned"), takes: ["cluster", "standalone"] },
  AMQP_DELIVERY_MODE: { verdicts: every("refused"), takes: ["1", "2"], refuses: ["0", "3"] },
  AMQP_CONSUMER_TIMEOUT: { verdicts: every("refused"), takes: ["4294967295"], refuses: ["0", "4294967296"] },
  AMQP_CONNECTION_MAX_RETRY: { verdicts: every("refused"), takes: ["0"], refuses: ["-1"] },
  AMQP_HEARTBEAT: { verdicts: every("refused"), takes: ["1", "3600"], refuses: ["0", "3601"] },
  MCAI_HTTP_PORT: { verdicts: every("refused"), takes: ["8080"], refuses: ["0", "65536"] },
  MCAI_HTTP_HOST: {
    verdicts: text,
    takes: ["0.0.0.0", "::", "[::1]", "localhost"],
    refuses: ["a b", "http://a", "a:80"],
  },
  MCAI_THREAD_SILENCE_LIMIT_MS: { verdicts: every("refused"), takes: ["1"], refuses: ["0"] },
  MCAI_PROGRESS_SILENCE_LIMIT_MS: { verdicts: every("refused"), takes: ["1"], refuses: ["0"] },
  MCAI_ENV_STORE: { verdicts: text, takes: ["A", "A_*, B", "*"], refuses: ["A,,B", "A B", "A=1", ","] },
};

/** The variables of a store, which are read when an order names it. */
const storeTable: Readonly<Record<string, { verdicts: Verdicts; takes?: string[]; refuses?: string[] }>> = {
  MINE_HOSTNAME: { verdicts: every("refused"), takes: ["http://b:4000/api"], refuses: ["http://u:s3cret@b", "b"] },
  MINE_USERNAME: { verdicts: every("taken") },
  MINE_PASSWORD: { verdicts: every("taken") },
  MINE_TOKEN: { verdicts: { ...every("refused"), huge: "taken", "in the wrong case": "taken" }, refuses: ["s3cret\n"] },
};

const documented = documentedVariables();

describe("the variables of docs/configuration.md", () => {
  it("are those that the worker reads, and those of this test", () => {
    const inDocs = [...documented]
      .filter(([title]) => !["SRT", "Stores"].includes(title))
      .flatMap(([, names]) => names);
    const names = [...inDocs, ...(documented.get("Stores") ?? []).filter((name) => !name.startsWith("<"))].sort();
    expect(names).toEqual(Object.keys(table).sort());
    expect(variablesReadBy((env) => readSettings(env)).sort()).toEqual(names);
  });

  it("are those that a store reads, and those of this test", () => {
    const names = (documented.get("Stores") ?? []).filter((name) => name.startsWith("<")).sort();
    expect(names.map((name) => name.replace("<STORE>", "MINE"))).toEqual(Object.keys(storeTable).sort());
    expect(variablesReadBy((env) => readStoreAccess(env, "MINE")).sort()).toEqual(Object.keys(storeTable).sort());
    expect(variablesReadBy((env) => new EnvironmentStore(env))).toEqual(["MCAI_ENV_STORE"]);
  });
});

const cases = [
  ...Object.entries(table).map(([name, row]) => ({ name, ...row, read: (env: Environment) => readSettings(env) })),
  ...Object.entries(storeTable).map(([name, row]) => ({
    name,
    ...row,
    read: (env: Environment) => ({ ...readStoreAccess(env, "MINE"), warnings: [] as readonly string[] }),
  })),
];

describe.each(cases)("$name", ({ name, verdicts, takes = [], refuses = [], read }) => {
  it.each(Object.entries(verdicts))("%s is %s", (kind, verdict) => {
    const value = hostile[kind as Hostile];
    if (verdict === "refused") return expectRefusal(() => read({ [name]: value }), name, value);
    const { warnings: all, ...settings } = read({ [name]: value });
    const warnings = all.filter(isAboutValue);
    const { warnings: none, ...defaults } = read({});
    expect(none).toEqual([]);
    if (verdict !== "taken") expect(settings).toEqual(defaults);
    expect(warnings).toHaveLength(verdict === "warned" ? 1 : 0);
    for (const warning of warnings) expectPrintable(warning, name, value);
  });

  it("takes the values that are documented", () => {
    for (const value of takes) expect(read({ [name]: value }).warnings.filter(isAboutValue)).toEqual([]);
  });

  it("refuses other values, without showing what may be secret", () => {
    for (const value of refuses) expectRefusal(() => read({ [name]: value }), name, value);
  });
});

// The other warnings are about two variables.
function isAboutValue(warning: string): boolean {
  return !warning.includes("because TLS is off");
}

describe("readSettings", () => {
  it("understands empty names and passwords", () => {
    expect(readSettings({ AMQP_QUEUE: "", AMQP_USERNAME: "", AMQP_PASSWORD: "" })).toMatchObject({
      queueName: "job_undefined",
      broker: { username: "guest", password: "" },
    });
    expect(readSettings({ AMQP_VHOST: "", AMQP_VIRTUAL_HOST: "b" }).broker.virtualHost).toBe("b");
    expect(readSettings({ MCAI_LOG: "", RUST_LOG: "warn" }).log.level).toBe("warn");
    expect(readSettings({ SOURCE_ORDERS: "" }).sourceOrders).toEqual([""]);
  });

  it.each([
    [{ AMQP_TLS: "yes" }, true, 5671],
    [{ AMQP_TLS: " On " }, true, 5671],
    [{ AMQP_TLS: "off", AMQP_PORT: "5671" }, false, 5671],
    [{ AMQP_PORT: "5671" }, true, 5671],
    [{ AMQP_HOSTNAME: "a:5671" }, true, 5671],
    [{}, false, 5672],
  ])("reads %o as TLS %s on port %i", (env: Environment, tls, port) => {
    const { broker } = readSettings(env);
    expect([broker.tls, broker.hosts[0]?.port]).toEqual([tls, port]);
  });

  it("refuses to guess whether a broker uses TLS", () => {
    expectRefusal(() => readSettings({ AMQP_HOSTNAME: "a:5671,b" }), "AMQP_TLS", "a:5671,b");
    expect(readSettings({ AMQP_TLS_CERT: "ca.pem" }).warnings).toEqual([
      "AMQP_TLS_CERT has no effect, because TLS is off; see AMQP_TLS",
    ]);
  });
});

function expectRefusal(read: () => unknown, name: string, value: string): void {
  let error: unknown;
  try {
    read();
  } catch (thrown) {
    error = thrown;
  }
  expect(error, JSON.stringify(value).slice(0, 80)).toBeInstanceOf(McaiError);
  const { code, message } = error as McaiError;
  expect([code, message]).toEqual(["ENVIRONMENT_INVALID", expect.stringMatching(new RegExp(`^${name}: expected `))]);
  expectPrintable(message, name, value);
}

function expectPrintable(text: string, name: string, value: string): void {
  expect(text).toContain(name);
  expect(text.length).toBeLessThan(300);
  expect(text).toMatch(/^[\x20-\x7e…]*$|^[^\p{C}]*$/u);
  expect(text).not.toContain("s3cret");
  if (value.length > 40) expect(text).not.toContain(value.slice(0, 40));
}

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { environmentSecrets, readSettings, readStoreAccess } from "../src/env.ts";
import { describeValue, messageOf } from "../src/errors.ts";
import { describeWorker } from "../src/job-thread/load-worker.ts";
import { formatLine } from "../src/log/log-line.ts";
import { Redactor } from "../src/log/redactor.ts";
import { findContainerId, readInstanceId } from "../src/response/instance-id.ts";
import { encodeResponse, toErrorResult } from "../src/response/response.ts";
import { toConfiguration } from "../src/response/worker-configuration.ts";
import { Type } from "../src/schema/typebox.ts";
import { type AnyWorker, defineWorker } from "../src/worker/define-worker.ts";
import { readMetadata, toMetadata } from "../src/worker/metadata.ts";
import { describeCases } from "./cases.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mcai-description-"));
});
afterAll(() => rm(folder, { recursive: true }));

const fields = { name: "@acme/probe", version: "1.4.0", description: "Reads media", license: "MIT" };
const toWire = (overrides = {}) =>
  toConfiguration(
    { ...toMetadata(fields, overrides, "package.json"), parameters: { type: "object", properties: {} }, live: false },
    { instanceId: "4f2a90c1d7be", queueName: "job_probe", directMessagingIdentifier: "x" },
  );

describeCases<
  { files?: Record<string, string>; cgroup?: string },
  { instance_id?: string; container_id?: string | null }
>("instance_ids.json", async ({ id, input, expected }) => {
  if (input.cgroup !== undefined) {
    expect(findContainerId(input.cgroup) ?? null).toBe(expected.container_id?.slice(0, 12) ?? null);
    return;
  }
  const files = await Promise.all(
    ["cgroup", "mountinfo"].map(async (name) => {
      const file = join(folder, `${id}-${name}`);
      const text = input.files?.[name];
      if (text !== undefined) await writeFile(file, text);
      return file;
    }),
  );
  expect(readInstanceId(files)).toBe(expected.instance_id);
});

describeCases<
  { license?: string; organisation?: string | null; versions?: string[]; media?: boolean },
  { license_json?: string; organisation?: string | null; accepted?: boolean }
>("worker_configuration.json", ({ input, expected }) => {
  if (input.license !== undefined) {
    const wire = toWire({ license: input.license, organisation: input.organisation ?? undefined });
    expect(wire.license).toBe(expected.license_json);
    expect(wire.organisation ?? null).toBe(expected.organisation);
  } else if (input.versions !== undefined) {
    for (const version of input.versions) {
      const make = () => toWire({ version });
      if (expected.accepted) expect(make().version).toBe(version);
      else expect(make).toThrow(/version/);
    }
  } else {
    // What the media package adds to a schema is tested there.
    expect(input.media).toBe(true);
  }
});

describe("metadata", () => {
  it("comes from the nearest package.json with a name, and keeps a scope", async () => {
    const module = join(folder, "worker", "dist", "esm");
    await mkdir(module, { recursive: true });
    await writeFile(join(folder, "worker", "dist", "package.json"), '{"type":"module"}');
    const repository = { type: "git", url: "git+https://example.org/probe.git" };
    const people = { author: "A. Dev", contributors: [{ name: "B. Dev", email: "b@example.org" }] };
    await writeFile(
      join(folder, "worker", "package.json"),
      JSON.stringify({ ...fields, repository, ...people, homepage: "https://example.org" }),
    );
    expect(readMetadata(pathToFileURL(join(module, "worker.js")).href, {})).toEqual({
      name: "@acme/probe",
      version: "1.4.0",
      description: "Reads media",
      shortDescription: "Reads media",
      license: "MIT",
      authors: ["A. Dev", "B. Dev <b@example.org>"],
      homepage: "https://example.org",
      repository: "https://example.org/probe.git",
      organisation: undefined,
    });
  });

  it("can be overridden, field by field", () => {
    const overrides = {
      name: "other",
      license: "Commercial",
      organisation: "Acme",
      shortDescription: "Reads",
      authors: [],
    };
    expect(toMetadata(fields, overrides, "package.json")).toMatchObject({ version: "1.4.0", ...overrides });
  });

  it("takes npm's UNLICENSED for Private, and old SPDX names", () => {
    expect(toWire({ license: "UNLICENSED" }).license).toBe("Private");
    expect(toWire({ license: "GPL-3.0" }).license).toBe("GPL-3.0");
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    [
      "no version",
      { version: undefined },
      /^field "version" of \/p\/package.json: expected a version such as 1.4.0, got nothing$/,
    ],
    [
      "a version that is none",
      { version: "1.4" },
      /^field "version" of \/p\/package.json: expected a version by semver.org.*got "1.4"/,
    ],
    ["an empty description", { description: "  " }, /^field "description" of/],
    [
      "a licence that is none",
      { license: "BSD" },
      /^field "license".*SPDX identifier such as MIT, or Commercial, or Private, got "BSD"/,
    ],
    ["an author that is a number", { author: 5 }, /^field "author".*got 5/],
    ["a repository without url", { repository: { url: 1 } }, /^field "repository"/],
  ])("with %s says which field of which file", (_, wrong, text) => {
    expect(() => toMetadata({ ...fields, ...wrong }, {}, "/p/package.json")).toThrow(text);
  });

  it("that is overridden wrongly says so", () => {
    expect(() => toMetadata(fields, { version: "x" }, "/p/package.json")).toThrow(/^version of the worker: /);
  });

  it("that is nowhere, or no JSON, says where it was looked for", async () => {
    await writeFile(join(folder, "package.json"), "{");
    expect(() => readMetadata(pathToFileURL(join(folder, "worker.js")).href, {})).toThrow(/package\.json is not JSON/);
    await rm(join(folder, "package.json"));
    expect(() => readMetadata("file:///no/such/worker.js", {})).toThrow(
      /no package.json with a "name" was found in \/no\/such/,
    );
  });
});

describe("configuration", () => {
  it("has the fields of the protocol, and leaves out what is unset", () => {
    expect(toWire()).toEqual({
      instance_id: "4f2a90c1d7be",
      queue_name: "job_probe",
      name: "@acme/probe",
      label: "@acme/probe",
      direct_messaging_queue_name: "direct_messaging_x",
      description: "Reads media",
      short_description: "Reads media",
      version: "1.4.0",
      sdk_version: "2.2.1",
      license: "MIT",
      parameters: { $schema: "https://json-schema.org/draft/2020-12/schema", type: "object", properties: {} },
    });
  });
});

describe("responses", () => {
  it("are UTF-8 JSON, whatever the language", () => {
    const { exchange, routingKey, body } = encodeResponse("job_error", toErrorResult(1, "café 日本 😀"));
    expect([exchange, routingKey]).toEqual(["job_response", "job_error"]);
    expect(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body))).toMatchObject({
      parameters: [{ value: "café 日本 😀" }],
    });
    expect(encodeResponse("worker_created", toWire()).exchange).toBe("worker_response");
  });
});

describe("environment", () => {
  it("has the defaults of the protocol", () => {
    expect(readSettings({})).toEqual({
      describe: false,
      sourceOrders: undefined,
      queueName: "job_undefined",
      directMessagingIdentifier: undefined,
      deathLimit: 4,
      softRejectLimit: 800,
      drainTimeoutMs: 20_000,
      stopGraceMs: undefined,
      threads: undefined,
      jobTimeoutMs: undefined,
      health: undefined,
      hasBackend: false,
      broker: {
        hosts: [{ hostname: "127.0.0.1", port: 5672 }],
        username: "guest",
        password: "guest",
        virtualHost: "/",
        tls: false,
        tlsCertificateFile: undefined,
        tlsVerify: true,
        cluster: false,
        deliveryMode: 2,
        consumerTimeoutMs: undefined,
        maxRetries: undefined,
        heartbeatSeconds: 10,
      },
      log: { level: "info", json: false, file: undefined, color: undefined },
    });
  });

  it.each([
    ["1", true],
    ["true", true],
    ["TRUE", true],
    ["0", false],
    ["yes", false],
    ["", false],
  ])("DESCRIBE=%s is %s", (DESCRIBE, described) => expect(readSettings({ DESCRIBE }).describe).toBe(described));

  it.each([
    [{ MCAI_LOG: "WARNING" }, "warn"],
    [{ MCAI_LOG: "debug", RUST_LOG: "error" }, "debug"],
    [{ RUST_LOG: "hyper=error,trace" }, "trace"],
    [{ RUST_LOG: "off" }, "silent"],
    [{ RUST_LOG: "mcai=loud" }, "info"],
  ])("%o logs from %s on", (env, level) => expect(readSettings(env).log.level).toBe(level));

  it("says which variable is wrong", () => {
    for (const name of ["MCAI_STOP_GRACE_MS", "MCAI_DRAIN_TIMEOUT_MS", "MCAI_THREADS", "MESSAGE_TTL_LIMIT"])
      for (const text of ["-1", "1.5", "soon", "99999999999"])
        expect(() => readSettings({ [name]: text })).toThrow(
          new RegExp(`^${name}: expected a whole number from .* got "${text}"`),
        );
  });

  it("reaches stores by their code, in its case", () => {
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

describe("texts", () => {
  const line = {
    time: "2026-01-05T10:00:03.120Z",
    level: "info",
    instance_id: "4f2a",
    queue: "job_probe",
    msg: "hello",
  };

  it("of the log have the reference's form", () => {
    expect(formatLine(JSON.stringify(line), false)).toBe(
      "2026-01-05 10:00:03.120 UTC - 4f2a - job_probe - -1 - INFO - hello\n",
    );
    expect(formatLine(JSON.stringify({ ...line, job_id: 71, fields: { a: 1 } }), false)).toMatch(
      / - 71 - INFO - hello \{"a":1\}\n$/,
    );
    expect(formatLine(JSON.stringify(line), true)).toContain("\u001b[32mINFO\u001b[0m");
  });

  it("lose every form of a secret, the longest first", () => {
    const redactor = new Redactor(["s3cret", "s3cret/longer", { password: 'with "quotes"', pin: "123" }]);
    expect(redactor.redact("s3cret s3cret/longer s3cret%2Flonger")).toBe("[redacted] [redacted] [redacted]");
    expect(redactor.redact(JSON.stringify({ a: 'with "quotes"' }))).toBe('{"a":"[redacted]"}');
    expect(redactor.redact("123")).toBe("123");
  });

  it("of values are short and never fail", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect([
      describeValue(cycle),
      describeValue(1n),
      describeValue(null),
      describeValue("x".repeat(100)).length,
    ]).toEqual(["array", "1n (bigint)", "null", 89]);
    expect(messageOf({ a: 1 })).toBe('thrown value: {"a":1} (object)');
  });
});

it("says of a parameter with a default that no order needs it", () => {
  const area = Type.Object({ top: Type.Integer({ default: 0 }), left: Type.Integer() });
  const parameters = Type.Object({ source_path: Type.String(), count: Type.Integer({ default: 1 }), area });
  const { parameters: described } = describeWorker(
    defineWorker({ parameters, process: () => undefined }) as AnyWorker,
    toMetadata(fields, {}, "package.json"),
  );
  expect(described).toMatchObject({ required: ["source_path", "area"], properties: { area: { required: ["left"] } } });
  const all = Type.Object({ count: Type.Integer({ default: 1 }) });
  const optional = defineWorker({ parameters: all, process: () => undefined }) as AnyWorker;
  const { parameters: none } = describeWorker(optional, toMetadata(fields, {}, "package.json"));
  expect(none).not.toHaveProperty("required");
});

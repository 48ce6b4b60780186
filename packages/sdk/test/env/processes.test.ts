import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { job, openWorkersFolder, runToEnd, writeOrders } from "../support/run-local.ts";

const folder = await openWorkersFolder();
afterAll(() => folder.remove());
const SOURCE_ORDERS = await writeOrders(folder, [job(71)]);

// No broker listens there: a worker that gets as far as connecting ends with exit code 72.
const nowhere = { AMQP_HOSTNAME: "127.0.0.1", AMQP_PORT: "1", AMQP_CONNECTION_MAX_RETRY: "0" };

describe.concurrent("a process with an invalid variable ends with exit code 64 and its name:", {
  timeout: 60_000,
}, () => {
  it.each<[string, string]>([
    ["AMQP_QUEUE", "   "],
    ["AMQP_QUEUE", "a\nb"],
    ["AMQP_QUEUE", "q".repeat(256)],
    ["AMQP_QUEUE", "amq.gen-x"],
    ["AMQP_QUEUE", "#"],
    ["AMQP_QUEUE", "worker_response_not_found"],
    ["DIRECT_MESSAGING_IDENTIFIER", "x".repeat(239)],
    ["DIRECT_MESSAGING_IDENTIFIER", "a\u001b]0;b\u0007"],
    ["AMQP_HOSTNAME", "amqp://guest:s3cret@127.0.0.1"],
    ["AMQP_HOSTNAME", "a b"],
    ["AMQP_HOSTNAME", "x".repeat(64)],
    ["AMQP_HOSTNAME", "x.".repeat(200)],
    ["AMQP_HOSTNAME", "a:65536"],
    ["AMQP_HOSTNAME", "h".repeat(100_000)],
    ["AMQP_PORT", "0"],
    ["AMQP_USERNAME", "u".repeat(256)],
    ["AMQP_PASSWORD", "s3cret".repeat(10_000)],
    ["AMQP_VHOST", "v\r"],
    ["AMQP_TLS", "required"],
    ["AMQP_TLS_VERIFY", "s3cret-s3cret-s3cret-s3cret-s3cret-s3cret"],
    ["AMQP_TLS_CERT", "-----BEGIN PRIVATE KEY-----\ns3cret\n"],
    ["BACKEND_HOSTNAME", "http://user:s3cret@b/api"],
    ["BACKEND_HOSTNAME", "localhost:4000/api"],
    ["MCAI_LOG", "foo"],
    ["MCAI_ENV_STORE", "A,,B"],
    ["MCAI_HTTP_HOST", "http://0.0.0.0"],
    ["MCAI_THREADS", "٣"],
    ["MESSAGE_TTL_LIMIT", " 4"],
    ["FILE_LOGGING", "."],
    ["FILE_LOGGING", "a\u001b[2Jb"],
    ["FILE_LOGGING", "f".repeat(4000)],
  ])("%s (case %#)", async (name, value) => {
    const run = await runToEnd(folder, { env: { ...nowhere, [name]: value } });
    expect(run.exitCode, run.stderr).toBe(64);
    expect(run.stderr).toContain(name);
    expect(run.stderr).not.toContain("s3cret");
    // Neither a stack nor the whole value, nor anything that a terminal obeys.
    expect(run.stderr.length).toBeLessThan(600);
    expect(run.stderr).toMatch(/^(?:[^\p{Cc}]|\n)*$/u);
    expect(run.stderr.trimEnd().split("\n")).toHaveLength(1);
  });
});

describe.concurrent("a process", { timeout: 60_000 }, () => {
  it("has an empty list of orders, and no broker, with an empty SOURCE_ORDERS", async () => {
    const run = await runToEnd(folder, { env: { ...nowhere, SOURCE_ORDERS: "" } });
    expect(run.exitCode).toBe(1);
  });

  it("says what it does not understand in the words of the reference, and works", async () => {
    const log = join(folder.path, "understood.log");
    const words = { DESCRIBE: "yes", ONLY_JSON_LOGS: "true", RUST_LOG: "foo", AMQP_SERVER_CONFIGURATION: "Cluster" };
    const run = await runToEnd(folder, {
      env: { ...nowhere, ...words, MCAI_LOG: "", SOURCE_ORDERS, FILE_LOGGING: log },
    });
    expect(run.exitCode).toBe(0);
    const warnings = run.log.filter(({ level }) => level === "WARN").map(({ text }) => text);
    for (const [name, word] of Object.entries(words))
      expect(warnings).toContainEqual(expect.stringContaining(`${name}="${word}" has no effect; use `));
  });

  it("is the same with every variable empty", async () => {
    const names = ["AMQP_QUEUE", "DIRECT_MESSAGING_IDENTIFIER", "AMQP_HOSTNAME", "AMQP_PORT", "AMQP_TLS", "MCAI_LOG"];
    const more = ["DESCRIBE", "ONLY_JSON_LOGS", "FILE_LOGGING", "BACKEND_HOSTNAME", "MCAI_HTTP_PORT", "MCAI_ENV_STORE"];
    const env = Object.fromEntries([...names, ...more].map((name) => [name, ""]));
    const run = await runToEnd(folder, { env: { ...env, SOURCE_ORDERS } });
    expect(run.exitCode).toBe(0);
    for (const { queue, level } of run.log) expect([queue, level]).toEqual(["job_undefined", "INFO"]);
  });
});

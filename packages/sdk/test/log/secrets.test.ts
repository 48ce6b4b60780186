import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { startHttpServer } from "../support/http-server.ts";
import { job, openWorkersFolder, runOrders } from "../support/run-local.ts";

const folder = await openWorkersFolder();
afterAll(() => folder.remove());

describe.concurrent("a secret in a local run", { timeout: 30_000 }, () => {
  // Each secret has characters that JSON, a URL and a regular expression escape.
  const secret = (name: string) => `${name} "quoted" \\ $& ü%`;
  const password = secret("parameterSecret");
  const login = secret("loginSecret");
  const credential = secret("credentialSecret");
  const token = "tokenSecret";

  it.each([
    ["leak", {}],
    ["leak_outside", {}],
    ["leak", { ONLY_JSON_LOGS: "1", FILE_LOGGING: "secrets.log" }],
  ])(
    "does not appear in the log or in an error (action %s, environment %o)",
    async (action, env: Record<string, string>) => {
      await using backend = await startHttpServer([
        { method: "POST", path: "/sessions", status: 200, json: { access_token: token } },
        {
          method: "GET",
          path: "/credentials/FTP_PASSWORD",
          status: 200,
          json: { data: { id: 1, key: "FTP_PASSWORD", value: credential, inserted_at: "2026-01-01T00:00:00" } },
        },
      ]);
      const order = job(71, { action, password });
      const stored = { id: "credential", type: "string", store: "BACKEND", value: "FTP_PASSWORD" };
      const run = await runOrders(folder, [{ ...order, parameters: [...order.parameters, stored] }], {
        BACKEND_HOSTNAME: backend.url,
        BACKEND_USERNAME: "user@example.org",
        BACKEND_PASSWORD: login,
        MCAI_LOG: "debug",
        ...env,
      });
      expect(run.exitCode).toBe(1);
      expect(run.stderr).toContain("thrown");
      expect(run.stderr).toContain("[redacted] [redacted] [redacted]");
      const file = env.FILE_LOGGING === undefined ? "" : await readFile(join(folder.path, env.FILE_LOGGING), "utf8");
      expect(run.stdout + run.stderr + file).not.toMatch(/Secret/);
    },
  );

  it("does not appear in the faults of an order that contains it", async () => {
    const orders = [
      job(71, { password: 123454321 }),
      '{"job_id":72,"parameters":[{"id":"password","type":"string","value":bareSecret}]}',
      '{"job_id":73,"parameters":[{"id":"password","type":"string","value":"openSecret',
    ];
    const run = await runOrders(folder, orders);
    expect(run.exitCode).toBe(1);
    expect(run.responses("Error")[0]?.parameters[0]?.value).toBe(
      "password: expected string, got a number that is not shown [PARAMETERS_INVALID]",
    );
    expect(run.stdout + run.stderr).not.toMatch(/Secret|123454321/);
  });

  it("does not appear in an error that a worker throws, in any encoding", async () => {
    const AWS_SECRET_ACCESS_KEY = "awsSecret/with+more";
    const stored = { id: "password", type: "string", store: "env", value: "AWS_SECRET_ACCESS_KEY" };
    const address = "https://userSecret:passSecret@b.example/o?X-Amz-Signature=signatureSecret";
    const orders = ["leak", "leak_encoded"].map((action, index) => {
      const order = job(71 + index, { action, text: address });
      return { ...order, parameters: [...order.parameters, stored] };
    });
    const run = await runOrders(folder, orders, { AWS_SECRET_ACCESS_KEY });
    expect(run.responses("Error").map(({ parameters }) => parameters[0]?.value)).toEqual([
      expect.stringContaining("thrown: [redacted]"),
      expect.stringContaining("thrown: [redacted]"),
    ]);
    expect(run.stderr).toContain("https://[redacted]@b.example/o?X-Amz-Signature=[redacted]");
    expect(run.stdout + run.stderr).not.toMatch(/Secret/);
  });

  it("of the environment is not read into another parameter", async () => {
    const env = { AWS_SECRET_ACCESS_KEY: "awsSecret", AMQP_PASSWORD: "brokerSecret" };
    const stored = (id: string, value: string) => ({ id, type: "string", store: "env", value });
    const orders = [
      { job_id: 71, parameters: [stored("text", "AWS_SECRET_ACCESS_KEY")] },
      { job_id: 72, parameters: [stored("password", "AMQP_PASSWORD")] },
    ];
    const run = await runOrders(folder, orders, env);
    expect(run.responses("Error").map(({ parameters }) => parameters[0]?.value)).toEqual([
      expect.stringMatching(/^text: store env: .*AWS_SECRET_ACCESS_KEY.*MCAI_ENV_STORE/),
      expect.stringMatching(/^password: store env: .*AMQP_PASSWORD.*MCAI_ENV_STORE/),
    ]);
    expect(run.stdout + run.stderr).not.toMatch(/awsSecret|brokerSecret/);
  });

  it("does not appear in the error of a backend that rejects the login", async () => {
    await using backend = await startHttpServer(({ body }) => ({ status: 401, json: { errors: `refused: ${body}` } }));
    const stored = { id: "credential", type: "string", store: "BACKEND", value: "FTP_PASSWORD" };
    const run = await runOrders(folder, [{ job_id: 71, parameters: [stored] }], {
      BACKEND_HOSTNAME: backend.url,
      BACKEND_PASSWORD: login,
    });
    expect(run.responses("Error")[0]?.parameters[0]?.value).toContain("BACKEND_PASSWORD");
    expect(run.stdout + run.stderr).not.toMatch(/Secret/);
  });
});

import { afterAll, expect, it } from "vitest";
import { FaultProxy } from "../../../../chaos/fault-proxy.mjs";
import { useVirtualHost } from "../support/broker.ts";
import { runWorkerOn, startWorker } from "../support/broker-worker.ts";
import { startHttpServer } from "../support/http-server.ts";
import { job, openWorkersFolder } from "../support/run-local.ts";

const virtualHost = useVirtualHost();
const folder = await openWorkersFolder();
afterAll(() => folder.remove());

const secrets = {
  broker: "broker-p4ssword",
  backend: "backend-p4ssword",
  session: "session-t0ken",
  credential: "credential-s3cret",
  parameter: "parameter-s3cret",
};

it("a worker shows no secret in its log, responses, metrics or status", { timeout: 30_000 }, async () => {
  const host = virtualHost();
  const user = `secretive-${crypto.randomUUID()}`;
  await host.manage("PUT", `/users/${user}`, { password: secrets.broker, tags: "" });
  await host.manage("PUT", `/permissions/${host.vhost}/${user}`, { configure: ".*", write: ".*", read: ".*" });
  await using backend = await startHttpServer([
    { method: "POST", path: "/sessions", status: 200, json: { access_token: secrets.session } },
    { method: "GET", path: "/step_flow", status: 200, json: { application: "Step Flow", version: "1.8.2" } },
    { method: "GET", path: "/step_flow/blacklist", status: 200, json: { data: [], total: 0 } },
    { method: "GET", path: "/credentials/key", status: 200, json: { data: { value: secrets.credential } } },
  ]);
  const free = await FaultProxy.open(0);
  await free.close();
  const env = {
    AMQP_USERNAME: user,
    AMQP_PASSWORD: secrets.broker,
    BACKEND_HOSTNAME: backend.url,
    BACKEND_USERNAME: "worker@example.org",
    BACKEND_PASSWORD: secrets.backend,
    MCAI_HTTP_PORT: String(free.port),
    MCAI_LOG: "debug",
  };
  const { wire, run, close } = await startWorker(folder, host, { env });
  const parameters = [
    { id: "password", type: "string", value: secrets.parameter },
    { id: "credential", type: "string", store: "BACKEND", value: "key" },
    { id: "action", type: "string", value: "leak" },
  ];
  await wire.sendJob({ job_id: 1, parameters });
  await wire.next("job_error", 1);
  await wire.sendJob({
    job_id: 2,
    parameters: [...parameters.slice(0, 2), { id: "count", type: "string", value: "x" }],
  });
  await wire.next("job_error", 2);
  await wire.sendJob({
    job_id: 3,
    parameters: [...parameters.slice(0, 2), { ...parameters[2], value: "leak_outside" }],
  });
  await wire.next("job_error", 3);
  await wire.sendJob(job(4));
  await wire.next("job_completed", 4);
  await wire.sendDirect({ type: "status" });
  await wire.next("worker_status");
  const pages = await Promise.all(
    ["metrics", "status", "readyz", "healthz"].map(async (path) =>
      (await fetch(`http://127.0.0.1:${free.port}/${path}`)).text(),
    ),
  );
  run.signal("SIGTERM");
  const { stderr, stdout } = await run.end();
  const responses = JSON.stringify(wire.responses);
  await close();

  // The same holds when the broker rejects the login.
  await host.manage("PUT", `/users/${user}`, { password: "another one", tags: "" });
  const refused = await runWorkerOn(folder, host, "job_refused", { env }).end();
  expect(refused.exitCode).toBe(74);
  await host.manage("DELETE", `/users/${user}`);

  const said = [stderr, stdout, responses, ...pages, refused.stderr];
  // The secrets were really written, because their replacement is there.
  expect(stderr).toMatch(/logged: \[redacted\]/);
  expect(responses).toMatch(/thrown: \[redacted\]/);
  for (const text of said) for (const secret of Object.values(secrets)) expect(text).not.toContain(secret);
});

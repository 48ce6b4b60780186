// The backend's HTTP side is unavailable, slow, failing, and back again.
import { once } from "node:events";
import { createServer } from "node:http";

/**
 * @import { Findings } from "../findings.mjs"
 * @import { Scene, Stage } from "../stage.mjs"
 */

export const number = 9;
export const title = "backend unavailable, slow, failing, back again";
export const isGentle = true;

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
export async function run(stage, findings) {
  const scene = await stage.scene();
  const backend = scene.backend;
  const http = await openHttp();
  scene.defer(() => http.close());
  const env = { BACKEND_HOSTNAME: http.address, BACKEND_USERNAME: "worker", BACKEND_PASSWORD: "secret-of-backend" };
  try {
    /** @type {Record<string, string[]>} */
    const outcomes = {};
    http.mode = "unavailable";
    const worker = await scene.start({ env });
    for (const mode of ["unavailable", "failing", "answering garbage", "slow", "well"]) {
      http.mode = mode;
      const plain = await scene.send({ action: "nothing" });
      const withCredential = scene.nextId();
      await backend.publish("job_submit", scene.queue, orderWithCredential(withCredential), { persistent: true });
      const startMs = performance.now();
      await Promise.all([backend.final(plain), backend.final(withCredential)]);
      if (mode === "slow") findings.atMost("a slow backend delays a job", 11_000, performance.now() - startMs, "ms");
      outcomes[mode] = [backend.statuses(plain), backend.statuses(withCredential)].flat();
      const message = backend.finalsOf(withCredential)[0]?.message;
      if (mode !== "well")
        findings.matches(`backend ${mode}: the reason`, /store BACKEND: .*(sessions|credentials)/, message);
    }
    const failed = ["job_completed", "job_error"];
    findings.equal(
      "a job without, and one with a credential",
      {
        unavailable: failed,
        failing: failed,
        "answering garbage": failed,
        slow: failed,
        well: ["job_completed", "job_completed"],
      },
      outcomes,
    );
    findings.equal("the same process all the time", true, worker.isRunning);
    findings.equal(
      "the password in log or answers",
      false,
      /secret-of-backend/.test(worker.log + JSON.stringify(backend.responses)),
    );
    findings.atMost("requests", 60, http.requests, "requests");
    findings.equal("orders left in the queue", 0, (await backend.count(scene.queue)).messages);
  } finally {
    await scene.close();
  }
}

/** @param {number} jobId */
function orderWithCredential(jobId) {
  return { job_id: jobId, parameters: [{ id: "action", type: "string", store: "BACKEND", value: "ACTION" }] };
}

/** A backend that behaves as its `mode` says. */
async function openHttp() {
  /** @type {Readonly<Record<string, object>>} */
  const answers = {
    "/api/sessions": { access_token: "token" },
    "/api/step_flow": { version: "1.8.2" },
    "/api/step_flow/blacklist": { data: [], total: 0 },
    "/api/credentials/ACTION": { data: { id: 1, key: "ACTION", value: "nothing" } },
  };
  const http = {
    mode: "well",
    requests: 0,
    address: "",
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  const server = createServer((request, response) => {
    http.requests++;
    request.resume();
    if (http.mode === "unavailable") request.socket.destroy();
    else if (http.mode === "failing") response.writeHead(503).end("down for maintenance");
    else if (http.mode === "answering garbage") response.end("<html>not JSON");
    else if (http.mode === "well") response.end(JSON.stringify(answers[request.url ?? ""] ?? {}));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  http.address = `http://127.0.0.1:${port}/api`;
  return http;
}

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Starts a backend with what both SDKs need at start: a login, a version, an empty black list. */
export async function startBackend(): Promise<{ readonly url: string; readonly server: Server }> {
  const answers: Readonly<Record<string, unknown>> = {
    "POST /api/sessions": { access_token: "token", user: { id: 1 } },
    "GET /api/step_flow": { application: "Step Flow", version: "1.8.2" },
    "GET /api/step_flow/blacklist": { data: [], total: 0 },
  };
  const server = createServer((request, response) => {
    const answer = answers[`${request.method} ${request.url}`];
    response.writeHead(answer ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`, server };
}

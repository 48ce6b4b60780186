import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** The answer to a request with this method and path. */
export interface Answer {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly json: unknown;
}

export interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A status, and the value to send as JSON. For undefined the server sends `<html>`, which is not JSON. */
export interface Reply {
  readonly status: number;
  readonly json: unknown;
  /** The body, instead of JSON. */
  readonly text?: string;
}

type Responder = (request: Request) => Reply | undefined | Promise<Reply | undefined>;

/**
 * Starts an HTTP server on the loopback interface, on a free port unless one is given. A request without an answer gets
 * 404. If a responder returns undefined, the request is never answered.
 */
export async function startHttpServer(
  answers: readonly Answer[] | Responder,
  wantedPort = 0,
): Promise<AsyncDisposable & { url: string; port: number }> {
  const find: Responder =
    typeof answers === "function"
      ? answers
      : ({ method, url }) =>
          answers.find((one) => one.method === method && one.path === url) ?? { status: 404, json: { errors: "none" } };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", async () => {
      const { method = "", url = "", headers } = request;
      const answer = await find({ method, url, headers, body: Buffer.concat(chunks).toString() });
      if (!answer) return;
      const { status, json, text } = answer as Reply;
      response.writeHead(status).end(text ?? JSON.stringify(json) ?? "<html>");
    });
  });
  await new Promise<void>((resolve, reject) =>
    server.once("error", reject).listen(wantedPort, "127.0.0.1", () => resolve()),
  );
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

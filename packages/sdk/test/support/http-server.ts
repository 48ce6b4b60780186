import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** What the server answers to a request of this method and path. */
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

/** A status and what is sent as JSON; undefined is sent as `<html>`, which is none. */
export interface Reply {
  readonly status: number;
  readonly json: unknown;
}

type Responder = (request: Request) => Reply | undefined | Promise<Reply | undefined>;

/**
 * A real HTTP server on the loopback; without an answer it answers 404, a responder that gives undefined never answers.
 * Its port is a free one unless one is given.
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
      if (answer) response.writeHead(answer.status).end(JSON.stringify(answer.json) ?? "<html>");
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

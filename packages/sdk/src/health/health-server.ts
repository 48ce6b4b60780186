import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { HealthSettings } from "../env.ts";
import { McaiError, messageOf } from "../errors.ts";
import type { JobLog } from "../log/job-log.ts";
import { createMetrics, type MetricSources } from "./metrics.ts";

/** The maximum time to receive a request, from the start of the connection on. */
const requestTimeoutMs = 5000;
/** How often that is checked. */
const timeoutCheckMs = 250;

/** The state of the worker, read at each request. */
export interface HealthSources extends MetricSources {
  /** Whether the job thread is set up and the worker is not shutting down. */
  readonly canRunJobs: () => boolean;
  /** Whether the broker confirms responses; while it refuses one about a job, or too many wait, no job is taken. */
  readonly isConfirming: () => boolean;
  /** The time for which the job thread has been unresponsive. */
  readonly threadSilentMs: () => number;
  /** The time since the current job reported progress; undefined if there is none. */
  readonly jobSilentMs: () => number | undefined;
  /** Returns the body of a `worker_status`. */
  readonly status: () => unknown;
  /** Makes the worker finish its job and shut down. */
  readonly drain: () => void;
}

/** Serves the state of the worker over HTTP: `/readyz`, `/healthz`, `/metrics`, `/status` and `POST /drain`. */
export class HealthServer {
  readonly #settings: HealthSettings;
  readonly #sources: HealthSources;
  readonly #server: Server;
  readonly #hosts: readonly string[];
  readonly #metrics: ReturnType<typeof createMetrics>;
  /** The answers in progress by their connections. */
  readonly #turns = new WeakMap<Socket, Promise<void>>();
  /** The last page of metrics, and when it was written. It answers all requests that were received before. */
  #page: { readonly atMs: number; readonly text: Promise<string> } | undefined;

  private constructor(settings: HealthSettings, sources: HealthSources) {
    this.#settings = settings;
    this.#hosts = ownHosts(settings.host);
    this.#sources = sources;
    this.#metrics = createMetrics(sources);
    const limits = {
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      keepAliveTimeout: requestTimeoutMs,
      connectionsCheckingInterval: timeoutCheckMs,
    };
    this.#server = createServer(limits, (request, response) => this.#queue(request, response));
    // Also ends connections whose client does not read.
    this.#server.timeout = requestTimeoutMs;
    // Must not keep the process alive.
    this.#server.unref();
  }

  /**
   * Starts to listen.
   *
   * @throws {@link McaiError} `ENVIRONMENT_INVALID` if the address cannot be used.
   */
  static async start(settings: HealthSettings, sources: HealthSources, log: JobLog): Promise<HealthServer> {
    const health = new HealthServer(settings, sources);
    await health.#metrics;
    await new Promise<void>((resolve, reject) => {
      health.#server.once("error", (cause) =>
        reject(new McaiError("ENVIRONMENT_INVALID", `MCAI_HTTP_PORT, MCAI_HTTP_HOST: ${cause.message}`, { cause })),
      );
      health.#server.listen(settings.port, settings.host, resolve);
    });
    log.info(`Health server listening on http://${settings.host}:${settings.port}`);
    return health;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  // One request of a connection at a time: a client that sends thousands at once must not keep the worker from its broker.
  #queue(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const receivedAtMs = performance.now();
    const ended = new Promise<void>((resolve) => response.once("close", resolve));
    const before = this.#turns.get(socket);
    const turn = (before ?? Promise.resolve()).then(async () => {
      // Lets the rest of the worker run between two of them.
      if (before) await nextTurn();
      if (socket.destroyed) return;
      await this.#answer(request, response, receivedAtMs).catch((error: unknown) =>
        send(response, 500, { error: messageOf(error) }),
      );
      await ended;
    });
    this.#turns.set(socket, turn);
    // What follows waits in the network, and not in memory.
    socket.pause();
    void turn.then(() => {
      if (this.#turns.get(socket) !== turn) return;
      this.#turns.delete(socket);
      socket.resume();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse, receivedAtMs: number): Promise<void> {
    const [path] = (request.url ?? "").split("?");
    if (path === "/drain") return this.#drain(request, response);
    if (request.method !== "GET" && request.method !== "HEAD") return send(response, 405, { error: "use GET" });
    switch (path) {
      case "/readyz":
        return this.#readiness(response);
      case "/healthz":
        return this.#liveness(response);
      case "/status":
        return send(response, 200, this.#sources.status());
      case "/metrics": {
        const registry = await this.#metrics;
        // What arrives at the same time shares a page.
        await nextTurn();
        if (this.#page === undefined || this.#page.atMs < receivedAtMs)
          this.#page = { atMs: performance.now(), text: registry.metrics() };
        response.writeHead(200, { "content-type": registry.contentType }).end(await this.#page.text);
        return;
      }
      default:
        return send(response, 404, { error: "not found; use /readyz, /healthz, /metrics, /status or POST /drain" });
    }
  }

  #readiness(response: ServerResponse): void {
    const { canRunJobs, isConfirming, isConsuming, isPublishing } = this.#sources;
    const confirming = isConfirming();
    const takingJobs = canRunJobs() && confirming;
    const state = { takingJobs, consuming: isConsuming(), publishing: isPublishing(), confirming };
    send(response, Object.values(state).every(Boolean) ? 200 : 503, state);
  }

  #liveness(response: ServerResponse): void {
    const { maxThreadSilenceMs, maxProgressSilenceMs } = this.#settings;
    const threadSilentMs = this.#sources.threadSilentMs();
    const jobSilentMs = this.#sources.jobSilentMs() ?? null;
    const isTooLong = (silentMs: number | null, limitMs: number | undefined) =>
      silentMs !== null && limitMs !== undefined && silentMs > limitMs;
    const isAlive = !isTooLong(threadSilentMs, maxThreadSilenceMs) && !isTooLong(jobSilentMs, maxProgressSilenceMs);
    send(response, isAlive ? 200 : 503, {
      secondsSinceJobThreadAnswered: threadSilentMs / 1000,
      secondsSinceProgress: jobSilentMs === null ? null : jobSilentMs / 1000,
    });
  }

  // Accepted from this machine only, and not from a web page in a browser on it. Proxies next to a worker send what comes from
  // other machines from other loopback addresses, such as 127.0.0.6.
  #drain(request: IncomingMessage, response: ServerResponse): void {
    const isLocal = /^(?:::ffff:)?127\.0\.0\.1$|^::1$/.test(request.socket.remoteAddress ?? "");
    if (request.method !== "POST") send(response, 405, { error: "use POST" });
    else if (!isLocal || request.headers.origin !== undefined || !this.#isOwnHost(request.headers.host))
      send(response, 403, {
        error: `allowed from the loopback only, for ${this.#hosts.join(" or ")}, and not from a browser`,
      });
    else {
      send(response, 202, { draining: true });
      this.#sources.drain();
    }
  }

  // A name that an attacker's web page has, and that resolves to this machine, is not one of them.
  #isOwnHost(header: string | undefined): boolean {
    const host = /^(\[[^\]]*\]|[^:]*)(?::\d+)?$/.exec(header ?? "")?.[1]?.toLowerCase();
    return host !== undefined && this.#hosts.includes(host);
  }
}

// The names of this server in the header `Host`. All addresses include those of the loopback.
function ownHosts(host: string): string[] {
  const inUrl = new URL(`http://${host.includes(":") ? `[${host}]` : host}`).hostname;
  return ["localhost", ...(["0.0.0.0", "[::]"].includes(inUrl) ? ["127.0.0.1", "[::1]"] : [inUrl])];
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) response.end();
  else response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { HealthSettings } from "../env.ts";
import { McaiError, messageOf } from "../errors.ts";
import type { JobLog } from "../log/job-log.ts";
import { createMetrics, type MetricSources } from "./metrics.ts";

/** How long a request may take to come in. */
const requestTimeoutMs = 5000;

/** What the health of a worker is read from. */
export interface HealthSources extends MetricSources {
  /** Whether the job thread is set up, and the worker not going down. */
  readonly isTakingJobs: () => boolean;
  /** How long the job thread has not answered, in milliseconds. */
  readonly threadSilentMs: () => number;
  /** How long the job in hand has not reported progress; undefined if there is none. */
  readonly jobSilentMs: () => number | undefined;
  /** What a `worker_status` says. */
  readonly status: () => unknown;
  /** Tells the worker to go down. */
  readonly drain: () => void;
}

/** Answers over HTTP how the worker is: `/readyz`, `/healthz`, `/metrics`, `/status`, and `POST /drain`. */
export class HealthServer {
  readonly #settings: HealthSettings;
  readonly #sources: HealthSources;
  readonly #server: Server;
  readonly #metrics: ReturnType<typeof createMetrics>;

  private constructor(settings: HealthSettings, sources: HealthSources) {
    this.#settings = settings;
    this.#sources = sources;
    this.#metrics = createMetrics(sources);
    this.#server = createServer({ requestTimeout: requestTimeoutMs, keepAliveTimeout: 5000 }, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => send(response, 500, { error: messageOf(error) }));
    });
    // Probes are no reason to live on.
    this.#server.unref();
  }

  /** @throws {McaiError} `ENVIRONMENT_INVALID` if the port cannot be had. */
  static async start(settings: HealthSettings, sources: HealthSources, log: JobLog): Promise<HealthServer> {
    const health = new HealthServer(settings, sources);
    await health.#metrics;
    await new Promise<void>((resolve, reject) => {
      health.#server.once("error", (cause) =>
        reject(new McaiError("ENVIRONMENT_INVALID", `MCAI_HTTP_PORT, MCAI_HTTP_HOST: ${cause.message}`, { cause })),
      );
      health.#server.listen(settings.port, settings.host, resolve);
    });
    log.info(`Health on http://${settings.host}:${settings.port}`);
    return health;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
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
        response.writeHead(200, { "content-type": registry.contentType }).end(await registry.metrics());
        return;
      }
      default:
        return send(response, 404, { error: "there are /readyz, /healthz, /metrics, /status and POST /drain" });
    }
  }

  #readiness(response: ServerResponse): void {
    const { isTakingJobs, isConsuming, isPublishing } = this.#sources;
    const state = { takingJobs: isTakingJobs(), consuming: isConsuming(), publishing: isPublishing() };
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

  // From this machine alone, and not by a page in a browser that happens to run on it.
  #drain(request: IncomingMessage, response: ServerResponse): void {
    const isLocal = /^(127\.|::1$|::ffff:127\.)/.test(request.socket.remoteAddress ?? "");
    if (request.method !== "POST") send(response, 405, { error: "use POST" });
    else if (!isLocal || request.headers.origin !== undefined)
      send(response, 403, { error: "only from the loopback, and not by a browser" });
    else {
      send(response, 202, { draining: true });
      this.#sources.drain();
    }
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) response.end();
  else response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
}

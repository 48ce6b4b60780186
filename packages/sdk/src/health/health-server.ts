import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { HealthSettings } from "../env.ts";
import { McaiError, messageOf } from "../errors.ts";
import type { JobLog } from "../log/job-log.ts";
import { createMetrics, type MetricSources } from "./metrics.ts";

/** The maximum time to receive a request. */
const requestTimeoutMs = 5000;

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
  readonly #metrics: ReturnType<typeof createMetrics>;

  private constructor(settings: HealthSettings, sources: HealthSources) {
    this.#settings = settings;
    this.#sources = sources;
    this.#metrics = createMetrics(sources);
    this.#server = createServer({ requestTimeout: requestTimeoutMs, keepAliveTimeout: 5000 }, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => send(response, 500, { error: messageOf(error) }));
    });
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

  // Accepted from this machine only, and not from a web page in a browser on it.
  #drain(request: IncomingMessage, response: ServerResponse): void {
    const isLocal = /^(127\.|::1$|::ffff:127\.)/.test(request.socket.remoteAddress ?? "");
    if (request.method !== "POST") send(response, 405, { error: "use POST" });
    else if (!isLocal || request.headers.origin !== undefined)
      send(response, 403, { error: "allowed from the loopback only, and not from a browser" });
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

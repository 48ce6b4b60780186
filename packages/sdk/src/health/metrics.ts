import type { Registry } from "prom-client";

/** The values that the metrics show, read at each request. */
export interface MetricSources {
  readonly isPublishing: () => boolean;
  readonly isConsuming: () => boolean;
  /** The number of times that each connection was established, including the first. */
  readonly connections: () => { readonly publishing: number; readonly consuming: number };
  readonly outbox: () => { readonly messages: number; readonly sizeBytes: number };
  readonly jobsInProgress: () => number;
  readonly threadCrashes: () => number;
  /** Registers a listener that is called when a job ends. */
  readonly onJobEnded: (listener: (status: string, durationSeconds: number) => void) => void;
}

/** Creates the Prometheus registry with the metrics of the worker and those of Node.js. */
export async function createMetrics(sources: MetricSources): Promise<Registry> {
  const { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } = await import("prom-client");
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  // The sources keep the counts themselves. A Counter has no set(), so it is reset and incremented.
  const counter = (name: string, help: string, read: () => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  gauge("mcai_publishing", "1 while the publishing connection is open, else 0.", () => Number(sources.isPublishing()));
  gauge("mcai_consuming", "1 while the consuming connection is open, else 0.", () => Number(sources.isConsuming()));
  gauge("mcai_outbox_messages", "Messages that the broker has not confirmed yet.", () => sources.outbox().messages);
  gauge(
    "mcai_outbox_bytes",
    "Size in bytes of the messages that the broker has not confirmed yet.",
    () => sources.outbox().sizeBytes,
  );
  gauge("mcai_jobs_in_progress", "1 while a job is in progress, else 0.", sources.jobsInProgress);
  counter("mcai_job_thread_crashes_total", "Unexpected exits of the job thread.", sources.threadCrashes);
  for (const link of ["publishing", "consuming"] as const)
    counter(
      `mcai_${link}_connections_total`,
      `Number of times the ${link} connection was established.`,
      () => sources.connections()[link],
    );
  const jobs = new Counter({
    name: "mcai_jobs_total",
    help: "Jobs that have ended, by status.",
    labelNames: ["status"],
    registers,
  });
  const durations = new Histogram({
    name: "mcai_job_duration_seconds",
    help: "Duration of jobs, from receiving the order to the end of the job.",
    labelNames: ["status"],
    buckets: [0.1, 1, 10, 60, 600, 3600, 6 * 3600, 24 * 3600],
    registers,
  });
  sources.onJobEnded((status, durationSeconds) => {
    jobs.inc({ status });
    durations.observe({ status }, durationSeconds);
  });
  return registry;
}

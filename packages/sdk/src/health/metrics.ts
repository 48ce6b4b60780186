import type { Registry } from "prom-client";

/** What the metrics are read from, each time that they are asked for. */
export interface MetricSources {
  readonly isPublishing: () => boolean;
  readonly isConsuming: () => boolean;
  /** How often the connection was made, the first time included. */
  readonly connections: () => { readonly publishing: number; readonly consuming: number };
  readonly outbox: () => { readonly messages: number; readonly sizeBytes: number };
  readonly jobsInHand: () => number;
  readonly threadDeaths: () => number;
  /** Gets who wants to know of each job that ends. */
  readonly onJobEnded: (listener: (status: string, durationSeconds: number) => void) => void;
}

/** The worker's metrics for Prometheus, and Node's own. */
export async function openMetrics(sources: MetricSources): Promise<Registry> {
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
  // What counts by itself is set to its count, which a counter can only be by a reset.
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
  gauge("mcai_publishing", "1 while the publishing connection is up.", () => Number(sources.isPublishing()));
  gauge("mcai_consuming", "1 while the consuming connection is up.", () => Number(sources.isConsuming()));
  gauge("mcai_outbox_messages", "Messages that the broker has not confirmed.", () => sources.outbox().messages);
  gauge("mcai_outbox_bytes", "Bytes that the broker has not confirmed.", () => sources.outbox().sizeBytes);
  gauge("mcai_jobs_in_hand", "1 while a job is in hand.", sources.jobsInHand);
  counter("mcai_job_thread_deaths_total", "How often the job thread ended unasked.", sources.threadDeaths);
  for (const link of ["publishing", "consuming"] as const)
    counter(
      `mcai_${link}_connections_total`,
      `How often the ${link} connection was made.`,
      () => sources.connections()[link],
    );
  const jobs = new Counter({ name: "mcai_jobs_total", help: "Jobs that ended.", labelNames: ["status"], registers });
  const durations = new Histogram({
    name: "mcai_job_duration_seconds",
    help: "How long jobs took, from their order to their end.",
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

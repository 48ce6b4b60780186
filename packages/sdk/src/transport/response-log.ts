import type { Log } from "../log/log.ts";
import type { Message, Transport } from "./transport.ts";

// The names under which the reference logs the responses of a local run.
const names: Readonly<Record<string, string>> = {
  job_completed: "Completed",
  job_error: "Error",
  job_stopped: "Stopped",
  job_progression: "Feedback",
  worker_status: "Feedback",
};

/** A larger response is not shown: the main thread would need a second for a few megabytes, to read and to redact them. */
const maxShownBytes = 256 * 1024;

/** Logs a response at level `debug`, under the name that the reference has for it: whole, or the size of a large one. */
export function logResponse(log: Log, { routingKey, body, jobId }: Message): void {
  if (!log.shows("debug")) return;
  const name = names[routingKey] ?? routingKey.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  if (body.length > maxShownBytes) {
    const text = `${name}: a response of ${body.length} bytes; the log shows at most ${maxShownBytes}.`;
    (jobId === undefined ? log : log.forJob(jobId)).event("debug", text, { response_bytes: body.length });
    return;
  }
  const response = JSON.parse(Buffer.from(body).toString()) as { readonly job_id?: number };
  const lineLog = response.job_id === undefined ? log : log.forJob(response.job_id);
  lineLog.event("debug", name, { response });
}

/** Returns a transport that also logs each response. */
export function withResponseLog(transport: Transport, log: Log): Transport {
  if (!log.shows("debug")) return transport;
  return {
    start: (listener) => transport.start(listener),
    consume: (jobs) => transport.consume(jobs),
    publish: (message) => {
      logResponse(log, message);
      const substitute = (maxBytes: number) => {
        const instead = message.substitute?.(maxBytes);
        if (instead) logResponse(log, instead);
        return instead;
      };
      return transport.publish({ ...message, substitute });
    },
    stop: () => transport.stop(),
  };
}

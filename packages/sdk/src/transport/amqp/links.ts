import { Link, type LinkOptions } from "./link.ts";

/** Options of {@link Links}. */
export interface LinksOptions extends Omit<LinkOptions, "name"> {
  /** The job queue. Both connections are named after it in the broker's management interface. */
  readonly queueName: string;
}

/**
 * The two connections of a worker: one consumes, the other publishes, because a broker that is low on memory blocks
 * connections that publish.
 */
export class Links {
  readonly publishing: Link;
  readonly consuming: Link;

  /** Starts to connect at once: connecting does not depend on anything that the worker's module defines. */
  constructor({ queueName, ...options }: LinksOptions) {
    this.publishing = new Link({ ...options, name: `${queueName} (publishes)` });
    this.consuming = new Link({ ...options, name: `${queueName} (consumes)` });
  }

  /** Closes both connections for good. */
  async close(): Promise<void> {
    await Promise.all([this.consuming.close(), this.publishing.close()]);
  }
}

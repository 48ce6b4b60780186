import { Link, type LinkOptions } from "./link.ts";

/** What {@link Links} are made of. */
export interface LinksOptions extends Omit<LinkOptions, "name"> {
  /** Names both, as the broker's operators see them. */
  readonly queueName: string;
}

/**
 * The two connections of a worker: one consumes, the other publishes, because a broker that is short of memory blocks
 * whoever publishes.
 */
export class Links {
  /** The connection that publishes. */
  readonly publishing: Link;
  /** The connection that consumes. */
  readonly consuming: Link;

  /** Begins to connect: that needs nothing of what the worker is. */
  constructor({ queueName, ...options }: LinksOptions) {
    this.publishing = new Link({ ...options, name: `${queueName} (publishes)` });
    this.consuming = new Link({ ...options, name: `${queueName} (consumes)` });
  }

  /** Ends both for good. */
  async close(): Promise<void> {
    await Promise.all([this.consuming.close(), this.publishing.close()]);
  }
}

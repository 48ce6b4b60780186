import type { Socket } from "node:net";
import type { Channel, ChannelModel } from "amqplib";

/** Where the frames of a channel go. */
interface Frames {
  write(frame: Buffer): boolean;
  end(): void;
}

/** The part of amqplib's connections that has their channels' frames; not in its types. */
interface Connection {
  readonly stream: Socket;
  readonly channels: ({ buffer: Frames } | null)[];
}

/**
 * Lets a channel write its frames to the socket at once. amqplib leads them through a stream of the channel's and in the
 * next turn of the loop through a queue of all channels, so that none starves another. A worker's channels write little,
 * and an order waits for each of those steps: without them a job that does nothing takes a tenth less time.
 */
export function writeStraight(model: ChannelModel, channel: Channel): void {
  const { stream, channels } = model.connection as unknown as Connection;
  const entry = channels[(channel as unknown as { ch: number }).ch];
  if (!entry) return;
  const queue = entry.buffer;
  entry.buffer = { write: (frame) => stream.write(frame), end: () => queue.end() };
}

import type { Channel } from "amqplib";

/** The part of amqplib's channels that puts a message on the wire; not in its types. */
interface Sender {
  sendMessage(fields: object, properties: { headers: object | undefined }, content: Buffer): boolean;
}

/** Leaves the table of headers out of messages that have none: amqplib gives one to every message. */
export function omitEmptyHeaders(channel: Channel): void {
  const sender = channel as unknown as Sender;
  const send = sender.sendMessage;
  sender.sendMessage = (fields, properties, content) => {
    if (isEmpty(properties.headers)) properties.headers = undefined;
    return send.call(channel, fields, properties, content);
  };
}

// amqplib makes its table of the one that it was given as a prototype.
function isEmpty(headers: object | undefined): boolean {
  for (const _ in headers) return false;
  return true;
}

import { Version } from "../../version.ts";

const mebibyte = 1024 * 1024;

/** Returns the maximum size of a message that a version of RabbitMQ takes unless it is configured otherwise. */
export function defaultMaxMessageBytes(version: string): number {
  return (Version.parse(version)?.compare(4, 0, 0) ?? 0) < 0 ? 128 * mebibyte : 16 * mebibyte;
}

/** Returns the maximum size that the broker names when it closes a channel because a message is larger. */
export function readMaxMessageBytes(error: Error): number | undefined {
  const named = /message size \d+ is larger than (?:configured )?max size (\d+)/.exec(error.message)?.[1];
  return named === undefined ? undefined : Number(named);
}

import { type Environment, invalid, quote } from "./values.ts";

/** The lowest severity that is logged. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "silent";

const words: ReadonlyMap<string, LogLevel> = new Map([
  ...(["trace", "debug", "info", "warn", "error", "silent"] as const).map((level) => [level, level] as const),
  ["off", "silent"],
  ["warning", "warn"],
  ["critical", "error"],
]);

/**
 * Reads MCAI_LOG. Undefined if it is not set or empty.
 *
 * @throws {@link McaiError} `ENVIRONMENT_INVALID` if it has no level.
 */
export function readLevel(env: Environment): LogLevel | undefined {
  const text = env.MCAI_LOG;
  if (text === undefined || text === "") return undefined;
  const level = findLevel(text);
  if (level === undefined) throw invalid("MCAI_LOG", "trace, debug, info, warn, error or off", text);
  return level;
}

/** Reads RUST_LOG. Undefined if it is not set or has no level. As in the reference, that is only a warning. */
export function readRustLevel(env: Environment, warn: (text: string) => void): LogLevel | undefined {
  const text = env.RUST_LOG;
  if (text === undefined || text === "") return undefined;
  const level = findLevel(text);
  if (level === undefined) warn(`RUST_LOG=${quote(text)} has no effect; use trace, debug, info, warn, error or off`);
  return level;
}

// Of a list of filters such as `warn,hyper=error`, the first one without a module.
function findLevel(text: string): LogLevel | undefined {
  const filter = text.split(",").find((one) => !one.includes("="));
  return filter === undefined ? undefined : words.get(filter.trim().toLowerCase());
}

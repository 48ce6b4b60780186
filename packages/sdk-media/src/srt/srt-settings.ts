import { type JobLog, McaiError } from "@mcai/worker-sdk";

/** Environment variables, as in `process.env`. */
type Environment = Readonly<Record<string, string | undefined>>;

/** The SRT settings from the environment; docs/configuration.md lists every variable. */
export interface SrtSettings {
  /** SRT_TIMEOUT_LIMIT: the timeout for a peer and its streams. */
  readonly timeoutMs: number;
  /** SRT_LATENCY: the time for which a receiver buffers data, so that lost packets can be sent again. */
  readonly latencyMs: number;
  /**
   * SRT_TOO_LATE_PACKET_DROP: whether packets that arrive too late are dropped; otherwise the receiver waits for them.
   */
  readonly tooLatePacketDrop: boolean;
  /** SRT_DROP_THRESHOLD_COEFF_PERCENTAGE: the share of the latency after which a sender drops a packet, in percent. */
  readonly dropThresholdPercent: number;
}

/** Reads the SRT variables. @throws {@link McaiError} `ENVIRONMENT_INVALID` if a value is invalid. */
export function readSrtSettings(env: Environment = process.env): SrtSettings {
  return {
    timeoutMs: readInteger(env, "SRT_TIMEOUT_LIMIT", 1) ?? 120_000,
    latencyMs: readInteger(env, "SRT_LATENCY", 0, 60_000) ?? 500,
    tooLatePacketDrop: readSwitch(env, "SRT_TOO_LATE_PACKET_DROP") ?? false,
    dropThresholdPercent: readInteger(env, "SRT_DROP_THRESHOLD_COEFF_PERCENTAGE", 100, 10_000) ?? 125,
  };
}

const idleVariables: Readonly<Record<string, string>> = {
  FFMPEG_TTL_LIMIT: "a source is read to its end, even if many packets yield no frame",
  COMPLEX_STREAM: "an SRT source is read as its packets arrive, without pauses",
};
let areIdleLogged = false;

/** Logs which variables of the reference SDK are set but have no effect, one line each, once per process. */
export function logIdleVariables(log: JobLog): void {
  if (areIdleLogged) return;
  areIdleLogged = true;
  for (const [name, why] of Object.entries(idleVariables))
    if ((process.env[name] ?? "") !== "") log.info(`${name} is set but has no effect: ${why}`);
}

// 2^31 − 1 is also the maximum delay of a Node.js timer.
function readInteger(env: Environment, name: string, minimum: number, maximum = 0x7fff_ffff): number | undefined {
  const text = env[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= minimum && value <= maximum) return value;
  throw invalid(name, `a whole number from ${minimum} to ${maximum}`, text);
}

// The same words as in the core.
function readSwitch(env: Environment, name: string): boolean | undefined {
  const text = env[name];
  if (text === undefined || text === "") return undefined;
  const word = text.trim().toLowerCase();
  if (["1", "true", "yes", "on"].includes(word)) return true;
  if (["0", "false", "no", "off"].includes(word)) return false;
  throw invalid(name, "1, true, yes, on, 0, false, no or off", text);
}

// A value that is long or not printable is not shown.
function invalid(name: string, expected: string, text: string): McaiError {
  const isShown = text.length <= 40 && !/[\p{C}\u2028\u2029\ufffd]/u.test(text);
  const got = isShown ? JSON.stringify(text) : `a text of ${text.length} characters`;
  return new McaiError("ENVIRONMENT_INVALID", `${name}: expected ${expected}, got ${got}`);
}

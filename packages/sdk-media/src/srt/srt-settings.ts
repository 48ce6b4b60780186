import { type JobLog, McaiError } from "@mcai/worker-sdk";

/** The variables of a process, as `process.env` has them. */
type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment says about SRT; docs/configuration.md lists every variable. */
export interface SrtSettings {
  /** SRT_TIMEOUT_LIMIT: how long a peer and its streams are waited for. */
  readonly timeoutMs: number;
  /** SRT_LATENCY: how long a receiver keeps what it has, to put lost packets in their places. */
  readonly latencyMs: number;
  /** SRT_TOO_LATE_PACKET_DROP: whether packets that come too late are left out, instead of waited for. */
  readonly tooLatePacketDrop: boolean;
  /** SRT_DROP_THRESHOLD_COEFF_PERCENTAGE: after how much of the latency a sender gives a packet up, in percent. */
  readonly dropThresholdPercent: number;
}

/** Reads every variable of SRT, for whoever is about to use it. @throws {McaiError} `ENVIRONMENT_INVALID` */
export function readSrtSettings(env: Environment = process.env): SrtSettings {
  return {
    timeoutMs: readInteger(env, "SRT_TIMEOUT_LIMIT", 1) ?? 120_000,
    latencyMs: readInteger(env, "SRT_LATENCY", 0, 60_000) ?? 500,
    tooLatePacketDrop: /^(1|true)$/i.test(env.SRT_TOO_LATE_PACKET_DROP ?? ""),
    dropThresholdPercent: readInteger(env, "SRT_DROP_THRESHOLD_COEFF_PERCENTAGE", 100, 10_000) ?? 125,
  };
}

const idleVariables: Readonly<Record<string, string>> = {
  FFMPEG_TTL_LIMIT: "a source is read until its end, however many packets give no frame",
  COMPLEX_STREAM: "an SRT source is read as its packets come, with no pauses",
};
let areIdleLogged = false;

/** Says which variables of the reference SDK are set and have no effect here, a line each, to the first log only. */
export function logIdleVariables(log: JobLog): void {
  if (areIdleLogged) return;
  areIdleLogged = true;
  for (const [name, why] of Object.entries(idleVariables))
    if ((process.env[name] ?? "") !== "") log.info(`${name} is set, and has no effect: ${why}`);
}

// 2^31 − 1 is also the longest time that a timer of Node can wait.
function readInteger(env: Environment, name: string, minimum: number, maximum = 0x7fff_ffff): number | undefined {
  const text = env[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= minimum && value <= maximum) return value;
  const expected = `expected a whole number from ${minimum} to ${maximum}, got "${text}"`;
  throw new McaiError("ENVIRONMENT_INVALID", `${name}: ${expected}`);
}

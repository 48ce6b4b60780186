import type { Environment } from "../env/values.ts";
import type { Settings } from "../env.ts";
import type { Log } from "../log/log.ts";
import type { Redactor } from "../log/redactor.ts";
import type { OutputsPlan } from "../output/outputs.ts";
import type { InstanceAddress } from "../response/instance-address.ts";

/** Options of every kind of run. */
export interface RunOptions {
  readonly moduleUrl: string;
  readonly environment: Environment;
  readonly settings: Settings;
  readonly address: InstanceAddress;
  readonly log: Log;
  /** Of the log. */
  readonly redactor: Redactor;
  readonly outputs: OutputsPlan;
}

import type { Environment, Settings } from "./env.ts";
import type { Log } from "./log.ts";
import type { WorkerAddress } from "./response/description.ts";

/** What every kind of run needs. */
export interface RunOptions {
  readonly moduleUrl: string;
  readonly environment: Environment;
  readonly settings: Settings;
  readonly address: WorkerAddress;
  readonly log: Log;
}

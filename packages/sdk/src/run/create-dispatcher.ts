import { BlackList } from "../dispatch/black-list.ts";
import { Dispatcher, type DispatcherOptions } from "../dispatch/dispatcher.ts";
import { sdkVersion } from "../response/worker-configuration.ts";
import type { NvidiaCards } from "../system-info/nvidia.ts";
import { SystemInfo } from "../system-info/system-info.ts";
import type { WorkerDescription } from "../thread-protocol/messages.ts";

/** Options of {@link createDispatcher}. */
export interface CreateDispatcherOptions
  extends Omit<DispatcherOptions, "hasInitProcess" | "systemInfo" | "blackList"> {
  readonly worker: WorkerDescription;
  /** The graphics cards of the machine. @default none */
  readonly gpus?: NvidiaCards;
  /** @default an empty list without a backend */
  readonly blackList?: BlackList;
}

/** Creates the dispatcher of a worker that is set up, and logs which worker it is. */
export function createDispatcher({ worker, gpus, blackList, ...options }: CreateDispatcherOptions): Dispatcher {
  const { configuration, log } = options;
  log.info(`Worker: ${worker.name}, version: ${worker.version} (MCAI Worker SDK ${sdkVersion})`);
  return new Dispatcher({
    ...options,
    hasInitProcess: worker.hasInitProcess,
    systemInfo: new SystemInfo(() => configuration.instance_id, gpus),
    blackList: blackList ?? new BlackList(log),
  });
}

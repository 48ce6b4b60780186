import * as acknowledgementTimeout from "./acknowledgement-timeout.mjs";
import * as backendFaults from "./backend-faults.mjs";
import * as blockedThread from "./blocked-thread.mjs";
import * as cluster from "./cluster.mjs";
import * as declarations from "./declarations.mjs";
import * as frozenBroker from "./frozen-broker.mjs";
import * as kills from "./kills.mjs";
import * as memoryAlarm from "./memory-alarm.mjs";
import * as poison from "./poison.mjs";
import * as soak from "./soak.mjs";
import * as stops from "./stops.mjs";
import * as userCode from "./user-code.mjs";

/** In the order of their numbers. */
export const scenarios = [
  kills,
  acknowledgementTimeout,
  blockedThread,
  memoryAlarm,
  frozenBroker,
  declarations,
  poison,
  stops,
  backendFaults,
  cluster,
  soak,
  userCode,
];

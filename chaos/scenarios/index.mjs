import * as acknowledgementTimeout from "./acknowledgement-timeout.mjs";
import * as backendFaults from "./backend-faults.mjs";
import * as blockedThread from "./blocked-thread.mjs";
import * as cluster from "./cluster.mjs";
import * as declarations from "./declarations.mjs";
import * as drainStates from "./drain-states.mjs";
import * as frozenBroker from "./frozen-broker.mjs";
import * as kills from "./kills.mjs";
import * as largeAnswers from "./large-answers.mjs";
import * as memoryAlarm from "./memory-alarm.mjs";
import * as poison from "./poison.mjs";
import * as progressFlood from "./progress-flood.mjs";
import * as refusedResponses from "./refused-responses.mjs";
import * as soak from "./soak.mjs";
import * as stops from "./stops.mjs";
import * as updateFlood from "./update-flood.mjs";
import * as userCode from "./user-code.mjs";

/**
 * What the module of a scenario exports.
 * @typedef {object} Scenario
 * @property {number} number
 * @property {string} title
 * @property {(stage: import("../stage.mjs").Stage, findings: import("../findings.mjs").Findings) => Promise<void>} run
 * @property {boolean} [longOnly] not part of `--short`
 * @property {boolean} [isGentle] does not touch the broker and measures no time: runs at the same time as others
 * @property {readonly string[]} [brokers] the only kinds of broker that it runs on
 */

/**
 * In the order of their numbers.
 * @type {readonly Scenario[]}
 */
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
  progressFlood,
  refusedResponses,
  drainStates,
  updateFlood,
  largeAnswers,
];

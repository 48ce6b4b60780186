import * as acknowledgementTimeout from "./acknowledgement-timeout.mjs";
import * as blockedThread from "./blocked-thread.mjs";
import * as stops from "./stops.mjs";

/** In the order of their numbers. */
export const scenarios = [acknowledgementTimeout, blockedThread, stops];

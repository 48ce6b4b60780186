// The parts of pino that the SDK uses. The build bundles them into dist/pino.cjs: one file instead of 29.
export { pino } from "pino";

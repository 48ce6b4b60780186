// What the SDK uses of pino. The build makes dist/pino.cjs of it: one file instead of 29.
export { pino } from "pino";

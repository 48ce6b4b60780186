// The parts of TypeBox that the SDK uses. The build bundles them into dist/typebox.cjs: one file instead of 709.
export { Type } from "typebox";
export { Compile } from "typebox/schema";
export { Settings } from "typebox/system";
export { Check, Default, Errors } from "typebox/value";

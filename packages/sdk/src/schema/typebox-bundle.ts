// What the SDK uses of TypeBox. The build makes dist/typebox.cjs of it: one file instead of 709.
export { Type } from "typebox";
export { Compile } from "typebox/schema";
export { Settings } from "typebox/system";
export { Check, Default, Errors } from "typebox/value";

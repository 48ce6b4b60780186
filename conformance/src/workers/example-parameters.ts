import { Type } from "@mcai/worker-sdk";

/** What both examples of the Python SDK's source distribution take; their media worker's paths are added by ours. */
export const exampleParameters = {
  action: Type.String(),
  number: Type.Integer(),
  array_of_strings: Type.Array(Type.String()),
  array_of_integers: Type.Array(Type.Integer()),
};

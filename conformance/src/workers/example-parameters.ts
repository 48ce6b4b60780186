import { Type } from "@mcai/worker-sdk";

/** The parameters of both examples in the Python SDK's source distribution. Our SDK adds the paths of the media worker. */
export const exampleParameters = {
  action: Type.String(),
  number: Type.Integer(),
  array_of_strings: Type.Array(Type.String()),
  array_of_integers: Type.Array(Type.Integer()),
};

import type { Static, TObject } from "../schema/typebox.ts";

/**
 * A value of a result parameter: any JSON value, nested at most 64 levels deep. NaN, bigint, dates, cycles and class
 * instances are errors, and so are integers beyond ±(2^53 − 1), unless the schema declares a number there.
 */
export type ResultValue =
  | string
  | number
  | boolean
  | null
  | readonly ResultValue[]
  | { readonly [key: string]: ResultValue };

/** A result value with an explicit type, instead of the one by schema or value. */
export interface TypedResultValue {
  /** The type in the response: `integer`, `float`, `string`, `boolean`, `array_of_strings`, or a custom one. */
  readonly type: string;
  /** The value. */
  readonly value: ResultValue;
}

type ResultParameters<Results extends TObject | undefined> = Results extends TObject
  ? { readonly [Id in keyof Static<Results>]: Static<Results>[Id] | TypedResultValue }
  : Readonly<Record<string, ResultValue | TypedResultValue | undefined>>;

/**
 * The result of a job. The type of a parameter in the response is `integer`, `float`, `string`, `boolean`,
 * `array_of_integers`, `array_of_floats`, `array_of_strings`, `array_of_booleans`, `array_of_media_segments`
 * (`MediaSegments()`) or `json`. It is determined by the `results` schema, or else by the value; `{ type, value }` overrides it. Parameters that are `undefined` are left out.
 *
 * @example
 * ```ts
 * return { destinationPaths: ["/out.json"], parameters: { score: 0.9, hits: 3 } };
 * ```
 */
export interface JobResult<Results extends TObject | undefined = undefined> {
  /** The files that the job has created. They are inputs of the next steps of the workflow. */
  readonly destinationPaths?: readonly string[];
  /** The results by name. They become parameters of the workflow. */
  readonly parameters?: ResultParameters<Results>;
}

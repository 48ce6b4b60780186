import type { Static, TObject } from "../schema/typebox.ts";

/** A value that can be sent as a result parameter: any JSON value. NaN, bigint, dates, cycles and class instances are errors. */
export type ResultValue =
  | string
  | number
  | boolean
  | null
  | readonly ResultValue[]
  | { readonly [key: string]: ResultValue };

/** A result value with its type on the wire chosen by hand. */
export interface TypedResultValue {
  /** The type on the wire, such as `integer`, `float`, `string`, `boolean`, `array_of_strings` or one of your own. */
  readonly type: string;
  /** The value itself. */
  readonly value: ResultValue;
}

type ResultParameters<Results extends TObject | undefined> = Results extends TObject
  ? { readonly [Id in keyof Static<Results>]: Static<Results>[Id] | TypedResultValue }
  : Readonly<Record<string, ResultValue | TypedResultValue | undefined>>;

/**
 * What a job gives back. On the wire a parameter is `integer`, `float`, `string`, `boolean`, `array_of_integers`,
 * `array_of_floats`, `array_of_strings`, `array_of_booleans` or `json`: by the `results` schema, else by its value;
 * `{ type, value }` overrides. `undefined` parameters are left out.
 *
 * @example
 * ```ts
 * return { destinationPaths: ["/out.json"], parameters: { score: 0.9, hits: 3 } };
 * ```
 */
export interface JobResult<Results extends TObject | undefined = undefined> {
  /** The files that the job made; they feed the next steps of the workflow. */
  readonly destinationPaths?: readonly string[];
  /** The results by name; they become parameters of the workflow. */
  readonly parameters?: ResultParameters<Results>;
}

import type { XStatic } from "typebox/schema";
import type { LostNumber } from "../json-text.ts";

// Plain JSON Schema, so that the main thread does not load TypeBox. `test/order/decode.test.ts` checks that `decode.ts`
// accepts the same messages.
const nullable = (type: "string") => ({ anyOf: [{ type }, { type: "null" }] }) as const;

// Null means the same as absent.
const parameterSchema = {
  type: "object",
  required: ["id", "type"],
  properties: {
    id: { type: "string" },
    type: { type: "string" },
    store: nullable("string"),
    value: {},
    default: {},
  },
} as const;

const jobId = { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const;
const parameters = { type: "array", items: parameterSchema } as const;

function withParameters<const Type extends string>(type: Type) {
  return {
    type: "object",
    required: ["type", "job_id", "parameters"],
    properties: { type: { const: type }, job_id: jobId, parameters },
  } as const;
}

function withJobId<const Type extends string>(type: Type) {
  return {
    type: "object",
    required: ["type", "job_id"],
    properties: { type: { const: type }, job_id: jobId },
  } as const;
}

function alone<const Type extends string>(type: Type) {
  return { type: "object", required: ["type"], properties: { type: { const: type } } } as const;
}

/**
 * The JSON Schemas of the fourteen orders, by `type`. The backend sends a `job` without `type`, which
 * {@link decodeOrder} adds. Unknown keys are ignored.
 *
 * @example
 * ```ts
 * orderSchemas.stop_process.required; // ["type", "job_id", "parameters"]
 * ```
 */
export const orderSchemas = {
  job: withParameters("job"),
  init_process: withParameters("init_process"),
  start_process: withParameters("start_process"),
  update_process: withParameters("update_process"),
  stop_process: withParameters("stop_process"),
  reached_expiration: withParameters("reached_expiration"),
  stop_worker: alone("stop_worker"),
  status: alone("status"),
  stop_consuming_jobs: alone("stop_consuming_jobs"),
  resume_consuming_jobs: alone("resume_consuming_jobs"),
  add_to_black_list: withJobId("add_to_black_list"),
  delete_from_black_list: withJobId("delete_from_black_list"),
  sync_black_list: alone("sync_black_list"),
  get_black_list: alone("get_black_list"),
} as const;

/** The `type` of an order. */
export type OrderType = keyof typeof orderSchemas;

/**
 * A parameter of an order. Its value is `value`, or else `default`. If it has a `store`, the value is a key of that
 * store.
 *
 * @example
 * ```ts
 * const token: Parameter = { id: "token", type: "string", store: "BACKEND", value: "FTP_TOKEN" };
 * ```
 */
export type Parameter = XStatic<typeof parameterSchema> & {
  /** Set by {@link decodeOrder}: the numbers of the value that JavaScript does not keep. */
  readonly lostNumbers?: readonly LostNumber[];
};

/** An order of the given type, as it is sent. `job_id` is an integer from 0 to 2^53 − 1. */
export type OrderOf<Type extends OrderType> = XStatic<(typeof orderSchemas)[Type]>;

/**
 * Any order that a worker can receive, as it is sent.
 *
 * @example
 * ```ts
 * const order: Order = { type: "job", job_id: 71, parameters: [{ id: "source_path", type: "string", value: "/in.mp4" }] };
 * ```
 */
export type Order = { [Type in OrderType]: OrderOf<Type> }[OrderType];

/** An order that has a job id and parameters. */
export type JobOrder = OrderOf<
  "job" | "init_process" | "start_process" | "update_process" | "stop_process" | "reached_expiration"
>;

import { isDeepStrictEqual } from "node:util";
import type { Parameter } from "../order/order.ts";
import type { TObject } from "../schema/typebox.ts";
import type { Job } from "../worker/job.ts";
import { ParameterError } from "./faults.ts";
import { resolveParameters } from "./resolve.ts";
import type { Stores } from "./store.ts";

/** The parameters of a job after an `update_process`. */
export interface ParameterUpdate {
  readonly values: Record<string, unknown>;
  /** Only the parameters whose values have changed. */
  readonly changed: Record<string, unknown>;
}

/**
 * Merges the parameters of an `update_process` with those of the job, and validates the result.
 *
 * @throws {@link ParameterError} If the result does not match the schema, or `source_path` or `destination_path`
 *   differs.
 */
export async function mergeUpdate(
  schema: TObject,
  current: Readonly<Record<string, unknown>>,
  parameters: readonly Parameter[],
  stores: Stores,
  job: Pick<Job, "signal">,
): Promise<ParameterUpdate> {
  const values = await resolveParameters(schema, parameters, stores, job, current);
  const changed = Object.fromEntries(
    Object.entries(values).filter(([id, value]) => !isDeepStrictEqual(value, current[id])),
  );
  const fixed = ["source_path", "destination_path"].filter((id) => id in changed);
  if (fixed.length > 0)
    throw new ParameterError(fixed.map((path) => ({ path, message: "cannot change while the job runs" })));
  return { values, changed };
}

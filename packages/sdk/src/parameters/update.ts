import { isDeepStrictEqual } from "node:util";
import type { Parameter } from "../order/order.ts";
import type { TObject } from "../schema/typebox.ts";
import type { Job } from "../worker/job.ts";
import { ParameterError } from "./faults.ts";
import { type ResolvedParameters, resolveParameters } from "./resolve.ts";
import type { Stores } from "./store.ts";

/** A job's parameters after an `update_process`, and those that it changed. */
export interface ParameterUpdate extends ResolvedParameters {
  readonly changed: Record<string, unknown>;
}

/**
 * Merges the parameters of an `update_process` with the job's own and validates the merge.
 *
 * @throws {ParameterError} If the merge does not fit the schema, or source or destination would change.
 */
export async function mergeUpdate(
  schema: TObject,
  current: Readonly<Record<string, unknown>>,
  parameters: readonly Parameter[],
  stores: Stores,
  job: Pick<Job, "signal">,
): Promise<ParameterUpdate> {
  const { values, secrets } = await resolveParameters(schema, parameters, stores, job, current);
  const changed = Object.fromEntries(
    Object.entries(values).filter(([id, value]) => !isDeepStrictEqual(value, current[id])),
  );
  const fixed = ["source_path", "destination_path"].filter((id) => id in changed);
  if (fixed.length > 0)
    throw new ParameterError(fixed.map((path) => ({ path, message: "cannot change while the job runs" })));
  return { values, secrets, changed };
}

import { access } from "node:fs/promises";
import type { Parameter } from "../order/order.ts";
import type { Job } from "../worker/job.ts";
import { readParameter } from "./read-wire-parameter.ts";
import type { Stores } from "./store.ts";

/**
 * The files of an order's `requirements` that do not exist, in the order's sequence.
 *
 * @throws {McaiError} `PARAMETERS_INVALID` if the requirements are not of the form `{"paths":["/a","/b"]}`.
 */
export async function findMissingRequirements(
  parameters: readonly Parameter[],
  stores: Stores,
  job: Pick<Job, "signal">,
): Promise<string[]> {
  const requirements = await readParameter(parameters, "requirements", "requirements", stores, job);
  const paths = requirements?.paths ?? [];
  // Most orders have none, and wait for nothing.
  if (paths.length === 0) return [];
  const found = await Promise.all(paths.map((path) => access(path).then(() => true, isThere)));
  return paths.filter((_, index) => !found[index]);
}

// A path that may not be looked at is there for all we know; opening it gives the better error.
function isThere(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code !== "ENOENT" && (error as NodeJS.ErrnoException).code !== "ENOTDIR";
}

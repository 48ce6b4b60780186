import { access } from "node:fs/promises";
import type { Parameter } from "../order/order.ts";
import type { Job } from "../worker/job.ts";
import { readParameter } from "./read-wire-parameter.ts";
import type { Stores } from "./store.ts";

/**
 * Finds the files of the parameter `requirements` that do not exist, in the sequence of the order.
 *
 * @throws {@link McaiError} `PARAMETERS_INVALID` if the requirements do not have the form `{"paths":["/a","/b"]}`.
 */
export async function findMissingRequirements(
  parameters: readonly Parameter[],
  stores: Stores,
  job: Pick<Job, "signal">,
): Promise<string[]> {
  const requirements = await readParameter(parameters, "requirements", "requirements", stores, job);
  const paths = requirements?.paths ?? [];
  // Most orders have no requirements; they need not wait.
  if (paths.length === 0) return [];
  const found = await Promise.all(paths.map((path) => access(path).then(() => true, mayExist)));
  return paths.filter((_, index) => !found[index]);
}

// A path without access rights may exist. Opening it yields the better error.
function mayExist(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code !== "ENOENT" && (error as NodeJS.ErrnoException).code !== "ENOTDIR";
}

import { access } from "node:fs/promises";
import { McaiError } from "../errors.ts";
import type { Parameter } from "../order/order.ts";
import type { Job } from "../worker/job.ts";
import { readParameter } from "./read-wire-parameter.ts";
import type { Stores } from "./store.ts";

/** The maximum number of files that an order can require. */
const maxPaths = 10_000;
/** How many files are looked for at the same time: more would only wait for the four threads of libuv. */
const maxLookUps = 16;

/**
 * Finds the files of the parameter `requirements` that do not exist, in the sequence of the order. Rejects with the reason
 * of the signal if it aborts.
 *
 * @throws {@link McaiError} `PARAMETERS_INVALID` if the requirements do not have the form `{"paths":["/a","/b"]}`, or have
 *   more than 10,000 paths.
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
  if (paths.length > maxPaths) {
    const message = `requirements.paths: expected at most ${maxPaths} paths, got ${paths.length}`;
    throw new McaiError("PARAMETERS_INVALID", message);
  }
  const isMissing: boolean[] = [];
  let next = 0;
  const lookUp = async () => {
    for (let index = next++; index < paths.length; index = next++) {
      if (job.signal.aborted) throw job.signal.reason;
      isMissing[index] = await access(paths[index] as string).then(() => false, isNotFound);
    }
  };
  await Promise.all(Array.from({ length: Math.min(maxLookUps, paths.length) }, lookUp));
  return paths.filter((_, index) => isMissing[index]);
}

// A path without access rights may exist. Opening it yields the better error.
function isNotFound(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP"].includes((error as NodeJS.ErrnoException).code ?? "");
}

/**
 * @import { Findings } from "./findings.mjs"
 * @import { Scene } from "./stage.mjs"
 */

/**
 * Waits until every job has a final response and no order is left, or time has passed, and finds what became of the jobs:
 * none lost, none run twice by a process, what ran or ended twice explained by a fault.
 * @param {Scene} scene
 * @param {Findings} findings
 * @param {readonly number[]} ids
 * @param {number} timeoutMs
 */
export async function account(scene, findings, ids, timeoutMs) {
  const { backend, trace, queue } = scene;
  const all = backend.until(() => ids.every((id) => backend.finals.has(id)), "final responses of all jobs", timeoutMs);
  await all.catch((error) => findings.counted("the scenario did not finish", error.message));
  // An order of which the broker has made two may still be worked on. The account comes after it: that takes seconds of
  // this process, whose proxies the workers lose meanwhile with what they hold.
  const left = await backend.emptied(queue);
  const several = trace.runsOnSeveralProcesses();
  const contradicted = ids.filter((id) => backend.statuses(id).length > 1);
  findings.equal(
    `jobs of ${ids.length} without a final response`,
    [],
    ids.filter((id) => !backend.finals.has(id)),
  );
  findings.equal("runs per process and attempt, at most", 1, trace.maxRunsPerProcessAndAttempt());
  findings.counted("jobs that ran in several processes", several.count);
  findings.equal("… of which no fault explains", [], several.unexplained);
  findings.counted(
    "jobs with more than one final response",
    ids.filter((id) => backend.finalsOf(id).length > 1).length,
  );
  findings.counted("jobs with two different final statuses", contradicted.length);
  findings.equal(
    "… of which no fault explains",
    [],
    contradicted.filter((id) => !isExplained(scene, id)),
  );
  findings.equal("orders left in the queue", 0, left);
}

/**
 * @param {Scene} scene
 * @param {number} id
 */
function isExplained({ backend, trace }, id) {
  const runs = trace.runsOf(id);
  return trace.explains(
    runs[0]?.atMs ?? 0,
    backend.finalsOf(id).at(-1)?.atMs ?? Number.POSITIVE_INFINITY,
    runs.map(({ pid }) => pid),
  );
}

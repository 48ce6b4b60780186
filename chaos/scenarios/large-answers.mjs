// Answers that are larger than the broker takes.
/**
 * @import { Findings } from "../findings.mjs"
 * @import { Stage } from "../stage.mjs"
 */

export const number = 17;
export const title = "answers larger than the broker takes";

const mebibyte = 2 ** 20;
const maxErrorBytes = 64 * 1024;

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
export async function run(stage, findings) {
  const scene = await stage.scene();
  const { backend } = scene;
  try {
    const worker = await scene.start();
    const beganMs = performance.now();
    const path = await scene.send({ action: "open", source_path: "/".padEnd(9_000_000, "a") });
    const escaped = await scene.send({ action: "open", source_path: "\u0001".repeat(1_000_000) });
    const maxMib = stage.version === "3.10" ? 128 : 16;
    const results =
      stage.isShort && maxMib > 16 ? [] : [await scene.send({ action: "results", count: (maxMib + 4) * mebibyte })];
    const next = await scene.send({ action: "nothing" });
    await backend.final(next, 60_000);
    findings.counted("seconds to the job after them", Math.round((performance.now() - beganMs) / 100) / 10);
    for (const [what, id] of /** @type {const} */ ([
      ["an error of 18 MB", path],
      ["one of control characters", escaped],
    ])) {
      const texts = backend.finalsOf(id).map(({ message = "" }) => Buffer.byteLength(message));
      findings.equal(`${what}: final responses`, 1, texts.length);
      findings.atMost("… bytes of its text", maxErrorBytes, Math.max(...texts), "bytes");
    }
    for (const id of results)
      findings.matches(
        `results of ${maxMib + 4} MiB`,
        / as JSON, more than the maximum of \d+/,
        backend.finalsOf(id)[0]?.message,
      );
    findings.equal("the next job", ["job_completed"], backend.statuses(next));
    findings.equal(
      "runs of each job",
      [1],
      [...new Set([path, escaped, ...results, next].map((id) => scene.trace.runsOf(id).length))],
    );
    findings.equal("channels that the broker closed", 0, worker.log.match(/PRECONDITION_FAILED/g)?.length ?? 0);
    findings.equal("connections kept", false, /was lost/.test(worker.log));
    const startMs = performance.now();
    worker.signal("SIGTERM");
    findings.equal("exit code", 0, await worker.ended);
    findings.atMost("seconds to the end after SIGTERM", 5, (performance.now() - startMs) / 1000, "s");
  } finally {
    await scene.close();
  }
}

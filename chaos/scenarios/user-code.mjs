// Workers whose own code fails in every way that Node knows.
/**
 * @import { Findings } from "../findings.mjs"
 * @import { Scene, Stage } from "../stage.mjs"
 */

export const number = 12;
export const title = "user code that throws, exits, fills its heap, never ends, crashes";
export const isGentle = true;

const env = { MCAI_STOP_GRACE_MS: "300", MESSAGE_TTL_LIMIT: "1", NODE_OPTIONS: "--max-old-space-size=64" };

const cases = [
  { action: "fail", message: /failed on purpose/ },
  { action: "throw_outside", message: /thrown outside/ },
  { action: "lose_promise", message: /lost/ },
  { action: "exit", message: /exit code 7/ },
  { action: "fill_heap", message: /heap is full/ },
];

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
export async function run(stage, findings) {
  await inOneProcess(stage, findings, env, cases);
  const endless = [{ action: "block", durationMs: 600_000, message: /MCAI_JOB_TIMEOUT_MS/ }];
  await inOneProcess(stage, findings, { ...env, MCAI_JOB_TIMEOUT_MS: "1000" }, endless);
  await crashed(stage, findings);
}

/**
 * @param {Stage} stage
 * @param {Findings} findings
 * @param {NodeJS.ProcessEnv} env
 * @param {readonly { action: string, durationMs?: number, message: RegExp }[]} cases
 */
async function inOneProcess(stage, findings, env, cases) {
  const scene = await stage.scene();
  try {
    const { backend, trace } = scene;
    const worker = await scene.start({ env });
    for (const { action, durationMs = 0, message } of cases) {
      const jobId = await scene.send({ action, durationMs });
      const next = await scene.send({ action: "nothing" });
      const final = await backend.final(jobId);
      await backend.final(next);
      findings.equal(`${action}: answered as`, ["job_error"], backend.statuses(jobId));
      findings.matches("… with the reason", message, final.message);
      findings.equal("… runs; final responses", [1, 1], [trace.runsOf(jobId).length, backend.finalsOf(jobId).length]);
      findings.equal("… and the next job", "job_completed", backend.finalsOf(next)[0].kind);
    }
    findings.equal("all in one process", true, worker.isRunning);
    findings.equal("orders left in the queue", 0, (await backend.count(scene.queue)).messages);
  } finally {
    await scene.close();
  }
}

/**
 * A crash in native code takes the whole process; its order comes again, and is counted, until it is given up.
 * @param {Stage} stage
 * @param {Findings} findings
 */
async function crashed(stage, findings) {
  const scene = await stage.scene();
  try {
    const { backend, trace } = scene;
    let worker = await scene.start({ env });
    const jobId = await scene.send({ action: "crash" });
    const codes = [];
    for (;;) {
      const given = backend.final(jobId, 60_000).then(() => undefined);
      const code = await Promise.race([worker.ended, given]);
      if (code === undefined) break;
      codes.push(code);
      given.catch(() => undefined);
      worker = await scene.start({ env });
    }
    findings.equal("a native crash: exit codes", Array(codes.length).fill(139), codes);
    findings.equal("… the job was answered", ["job_error"], backend.statuses(jobId));
    findings.matches("… with the reason", /Job TTL has been reached/, backend.finalsOf(jobId)[0].message);
    findings.atMost("… runs", 3, trace.runsOf(jobId).length, "runs");
    const next = await scene.send({ action: "nothing" });
    await backend.final(next);
    findings.equal("… and the next job", ["job_completed"], backend.statuses(next));
  } finally {
    await scene.close();
  }
}

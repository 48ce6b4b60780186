import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { afterAll, describe, expect, it } from "vitest";
import { openPipe, readToEnd } from "../../../../chaos/stream-ends.mjs";
import { job, openWorkersFolder, writeOrders } from "../support/run-local.ts";

const folder = await openWorkersFolder();
afterAll(() => folder.remove());

type Kind = "pipe" | "socket";
let count = 0;

/** A worker that prints, with two streams that nobody reads yet. */
interface Talker extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly ended: Promise<number>;
  /** Resolves when a job has written this. */
  wrote(text: string): Promise<void>;
  jobsDone(): number;
}

async function start(kind: Kind, orders: object[], env: Record<string, string> = {}): Promise<Talker> {
  const done = await folder.write(`done-${++count}`, "");
  const pipes = kind === "pipe" ? [openPipe(), openPipe()] : [];
  const child = spawn(process.execPath, ["main.mjs", "./talking.mjs"], {
    cwd: folder.path,
    env: { PATH: process.env.PATH, SOURCE_ORDERS: await writeOrders(folder, orders), DONE: done, ...env },
    stdio: ["ignore", pipes[0]?.fd ?? "pipe", pipes[1]?.fd ?? "pipe"],
  });
  for (const pipe of pipes) pipe.release();
  const ended = once(child, "exit").then(([code]) => code as number);
  const text = () => readFileSync(done, "utf8");
  return {
    child,
    ended,
    stdout: (pipes[0]?.readable ?? child.stdout) as Readable,
    stderr: (pipes[1]?.readable ?? child.stderr) as Readable,
    wrote: (line) => untilWritten(done, line, ended),
    jobsDone: () => text().match(/^done/gm)?.length ?? 0,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function untilWritten(file: string, line: string, ended: Promise<unknown>): Promise<void> {
  const watcher = watch(file);
  try {
    while (!readFileSync(file, "utf8").includes(line)) await Promise.race([once(watcher, "change"), ended]);
  } finally {
    watcher.close();
  }
}

const jobs = Array.from({ length: 4 }, (_, index) => job(index + 1, { lines: 600 }));
const kinds: Kind[] = ["pipe", "socket"];

describe.concurrent("a reader of the output", { timeout: 30_000 }, () => {
  it.each(kinds)("that never reads a %s stops no job, and finds what fits there", async (kind) => {
    await using talker = await start(kind, jobs);
    expect(await talker.ended).toBe(0);
    expect(talker.jobsDone()).toBe(4);
    // When a child ends, Node itself reads what is left in a socket.
    if (kind === "socket") return;
    // Whole lines, from the first one on.
    const lines = (await readToEnd(talker.stdout)).split("\n");
    expect(lines.length).toBeGreaterThan(30);
    for (const [index, line] of lines.slice(0, -1).entries())
      expect(line.slice(0, 20)).toBe(`out 1 ${index} ${"x".repeat(20)}`.slice(0, 20));
  });

  it.each(kinds)("that has gone from a %s stops no job", async (kind) => {
    await using talker = await start(kind, jobs);
    talker.stdout.destroy();
    talker.stderr.destroy();
    expect(await talker.ended).toBe(0);
    expect(talker.jobsDone()).toBe(4);
  });

  it.each(kinds)("that comes back to a %s is told what it missed", async (kind) => {
    const until = join(folder.path, `go-${kind}`);
    await using talker = await start(kind, [job(1, { lines: 4000, until })]);
    await talker.wrote("printed 1");
    const stdout = readToEnd(talker.stdout);
    // What is said on standard error waits for its own reader.
    await new Promise<void>((resolve) => {
      talker.stdout.on("data", (text: string) => text.endsWith("tick\n") && resolve());
    });
    const stderr = readToEnd(talker.stderr);
    let seen = "";
    talker.stderr.on("data", (text: string) => {
      seen += text;
      if (/ of standard output were dropped/.test(seen) && / of standard error were dropped/.test(seen))
        writeFileSync(until, "");
    });
    expect(await talker.ended).toBe(0);
    const log = await stderr;
    const dropped = Number(/WARN - (\d+) lines \(\d+ bytes\) of standard output were dropped/.exec(log)?.[1]);
    expect(dropped).toBeGreaterThan(1000);
    const lines = (await stdout).trimEnd().split("\n");
    const ticks = lines.filter((line) => line === "tick").length;
    expect(lines.filter((line) => line.startsWith("out 1 ")).length + ticks + dropped).toBeGreaterThanOrEqual(4000);
    for (const line of lines) expect(line).toMatch(/^(tick|out 1 \d+ x{1000})$/);
    // The buffer is much larger than what a pipe holds.
    expect((await stdout).length).toBeGreaterThan(1024 * 1024);
  });

  it.each(kinds)("that does not read a %s does not delay a signal", async (kind) => {
    const until = join(folder.path, "never");
    await using talker = await start(kind, [job(1, { lines: 2000, until })], { MCAI_LOG: "debug" });
    await talker.wrote("printed 1");
    const sentAt = performance.now();
    talker.child.kill("SIGTERM");
    expect(await talker.ended).toBe(143);
    expect(performance.now() - sentAt).toBeLessThan(2000);
    expect(talker.jobsDone()).toBe(1);
  });

  it.each(kinds)("that does not read a %s does not delay the abort of a held thread", async (kind) => {
    const order = { job_id: 1, parameters: [{ id: "isHeld", type: "boolean", value: true }] };
    order.parameters.push({ id: "lines", type: "integer", value: 2000 as never });
    await using talker = await start(kind, [order], { MCAI_STOP_GRACE_MS: "200" });
    await talker.wrote("printed 1");
    const sentAt = performance.now();
    talker.child.kill("SIGTERM");
    await talker.ended;
    expect(talker.child.signalCode).toBe("SIGABRT");
    expect(performance.now() - sentAt).toBeLessThan(5000);
  });

  it("finds the mode of a pipe and of a socket unchanged", async () => {
    for (const kind of kinds) {
      const until = join(folder.path, "never");
      await using talker = await start(kind, [job(1, { lines: 2000, until })]);
      await talker.wrote("printed 1");
      for (const fd of [1, 2]) {
        const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/${talker.child.pid}/fdinfo/${fd}`, "utf8"))?.[1];
        expect(Number.parseInt(flags ?? "", 8) & 0o4000, `descriptor ${fd} of a ${kind}`).toBe(0);
      }
    }
  });

  it("that is slow gets every line in order", async () => {
    await using talker = await start("pipe", [job(1, { lines: 3000 })]);
    let text = "";
    void readToEnd(talker.stderr);
    for await (const chunk of talker.stdout.setEncoding("utf8")) {
      text += chunk;
      if (Math.random() < 0.2) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const numbers = [...text.matchAll(/^out 1 (\d+) x{1000}$/gm)].map(([, number]) => Number(number));
    expect(numbers).toEqual(Array.from({ length: 3000 }, (_, index) => index));
  });
});

/** Runs a command of a shell in a process group of its own, with the variables of a worker. */
async function shell(command: string, orders: object[], env: Record<string, string> = {}) {
  const done = await folder.write(`done-${++count}`, "");
  const child = spawn("bash", ["-c", command], {
    cwd: folder.path,
    env: { PATH: process.env.PATH, SOURCE_ORDERS: await writeOrders(folder, orders), DONE: done, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const output = Promise.all([readToEnd(child.stdout), readToEnd(child.stderr)]);
  const ended = once(child, "close");
  return {
    child,
    wrote: (line: string) => untilWritten(done, line, ended),
    done: () => readFileSync(done, "utf8"),
    end: async () => {
      await ended;
      const [stdout, stderr] = await output;
      return { stdout, stderr };
    },
  };
}

describe.concurrent("a worker in a pipeline", { timeout: 30_000 }, () => {
  const worker = `"${process.execPath}" main.mjs ./talking.mjs`;

  it("finishes its orders when head has what it wants", async () => {
    const run = await shell(`${worker} | head -1; echo "\${PIPESTATUS[0]}"`, jobs);
    const { stdout } = await run.end();
    expect(stdout).toMatch(/^out 1 0 x{1000}\n0\n$/);
    expect(run.done().match(/^done/gm)).toHaveLength(4);
  });

  it("ends its job and answers it when Ctrl-C ends tee too", async () => {
    const until = join(folder.path, "never");
    const run = await shell(`(trap : INT; ${worker}; echo $? >> "$DONE") | tee tee.txt`, [job(1, { lines: 1, until })]);
    await run.wrote("printed 1");
    process.kill(-(run.child.pid ?? 0), "SIGINT");
    await run.end();
    expect(run.done()).toBe("printed 1\ndone 1\n130\n");
  });

  it("describes itself to head without an error, and to a slow reader as a whole", async () => {
    await folder.write(
      "wordy.mjs",
      `import { defineWorker, Type } from "@mcai/worker-sdk";
       const parameters = Type.Object({ a: Type.String({ description: "x".repeat(1_000_000) }) });
       export default defineWorker({ parameters, process() {} });`,
    );
    const describing = `DESCRIBE=1 "${process.execPath}" main.mjs ./wordy.mjs`;
    const short = await (await shell(`${describing} | head -1; echo "\${PIPESTATUS[0]}"`, [])).end();
    expect(short).toEqual({ stdout: "{\n0\n", stderr: "" });
    const slow = await (await shell(`${describing} | (sleep 2; cat)`, [])).end();
    expect(JSON.parse(slow.stdout)).toHaveProperty("parameters.properties.a.description.length", 1_000_000);
  });
});

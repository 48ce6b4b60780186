import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, describe, expect, it } from "vitest";
import { type Ended, job, openWorkersFolder, runToEnd, writeOrders } from "../support/run-local.ts";

const folder = await openWorkersFolder();
afterAll(() => folder.remove());

const manifest = { name: "worker", version: "1.0.0", description: "Does it", license: "MIT", type: "module" };

/** Runs a worker's module with one order. */
async function start(worker: string, env: Readonly<Record<string, string>> = {}, main?: string): Promise<Ended> {
  const SOURCE_ORDERS = await writeOrders(folder, [job(71)]);
  return runToEnd(folder, { worker, env: { SOURCE_ORDERS, ...env }, ...(main !== undefined && { main }) });
}

/** Writes a worker's module and runs it with one order. */
async function startModule(name: string, source: string): Promise<Ended> {
  await folder.write(name, source);
  return start(`./${name}`);
}

function expectNothingRan(run: Ended): void {
  expect(run.stdout).toBe("");
  expect(run.log.filter(({ text }) => text.startsWith("{"))).toEqual([]);
}

describe.concurrent("a worker that cannot start", { timeout: 30_000 }, () => {
  it.each([
    ["", ""],
    [" while a timer is active", "setInterval(() => undefined, 1000);"],
  ])("exits with 70 and the reason if its setup fails%s", async (_, before) => {
    const run = await startModule(
      `failing-setup-${before.length}.mjs`,
      `import actions from "./actions.mjs";
       export default { ...actions, async setup() { ${before} throw new RangeError("no model.onnx"); } };`,
    );
    expect(run.exitCode).toBe(70);
    expect(run.stderr).toContain("The worker's setup failed: RangeError: no model.onnx");
    expectNothingRan(run);
  });

  it.each([
    ["an exception outside its promise", 'setTimeout(() => { throw new Error("no model.onnx"); });', "no model.onnx"],
    ["process.exit", "process.exit(0);", "exit code 0"],
  ])("exits with 70 and the reason if its setup ends the thread by %s", async (_, body, why) => {
    const run = await startModule(
      `deadly-setup-${body.length}.mjs`,
      `import actions from "./actions.mjs";
       export default { ...actions, setup() { ${body} return new Promise(() => undefined); } };`,
    );
    expect(run.exitCode).toBe(70);
    expect(run.stderr).toContain(why);
    expectNothingRan(run);
  });

  it("exits with 65 if its module does not exist", async () => {
    const run = await start("./absent.js");
    expect(run.exitCode).toBe(65);
    expect(run.stderr).toContain(join(folder.path, "absent.js"));
    expect(run.stderr).toContain("check the URL given to runWorker");
    expectNothingRan(run);
  });

  it.each([
    ["nothing", ""],
    ["something else, such as the worker itself", "{ process() {} }"],
  ])("exits with 65 if its main module gives %s instead of a URL", async (what, given) => {
    const main = `main-gives-${given.length}.mjs`;
    await folder.write(main, `import { runWorker } from "@mcai/worker-sdk"; await runWorker(${given});`);
    const run = await start("./actions.mjs", {}, main);
    expect(run.exitCode).toBe(65);
    expect(run.stderr).toContain(`such as new URL("./worker.js", import.meta.url), got ${what} [MODULE_NOT_FOUND]`);
    expectNothingRan(run);
  });

  it("exits with 65 if it is not built, unless the runtime reads TypeScript", async () => {
    await folder.write(
      "typed.ts",
      `import actions from "./actions.mjs";
       const name: string = "@acme/typed";
       export default { ...actions, name };`,
    );
    const run = await start("./typed.js");
    if ("typescript" in process.features && process.features.typescript) {
      expect(run.exitCode).toBe(0);
      expect(run.stderr).toContain("Worker: @acme/typed");
      return;
    }
    expect(run.exitCode).toBe(65);
    expect(run.stderr).toContain(`build ${join(folder.path, "typed.ts")} first`);
    expectNothingRan(run);
  });

  it("understands a module that was compiled to CommonJS", async () => {
    await folder.write("cjs/package.json", '{ "name": "w", "version": "1.0.0", "description": "d", "license": "MIT" }');
    const source = (exported: string) => `"use strict";
      Object.defineProperty(exports, "__esModule", { value: true, configurable: true });
      const { defineWorker, Type } = require("@mcai/worker-sdk");
      ${exported} = defineWorker({ parameters: Type.Object({}), process: () => ({ parameters: { done: true } }) });`;
    for (const [name, exported] of [
      ["default", "exports.default"],
      ["unmarked", "delete exports.__esModule; exports.default"],
      ["whole", "module.exports"],
      ["function", "module.exports = () => {}; module.exports.default"],
      [
        "promise",
        "const load = async (worker) => worker; let worker; module.exports = load().then(() => worker); worker",
      ],
    ] as const) {
      await folder.write(`cjs/${name}.cjs`, source(exported));
      const run = await start(`./cjs/${name}.cjs`);
      expect(run.responses("Completed")).toMatchObject([{ job_id: 71, parameters: [{ id: "done", value: true }] }]);
    }
  });

  it("runs from a main module that is CommonJS", async () => {
    await folder.write(
      "main.cjs",
      `const { join } = require("node:path");
       const { runWorker } = require("@mcai/worker-sdk");
       void runWorker(join(__dirname, process.argv[2]));`,
    );
    const run = await start("./actions.mjs", {}, "main.cjs");
    expect(run.exitCode).toBe(0);
    expect(run.responses("Completed")).toMatchObject([{ job_id: 71 }]);
  });

  it.each([
    ["of its own", "place.mjs", "const a = 1;\nconst b = = 2;", "place.mjs:2:11"],
    ["of a file that it imports", "importing.mjs", 'import "./broken.mjs";', "broken.mjs:3:8"],
    ["that is no error", "null.mjs", "throw null;", "null.mjs cannot be imported: thrown value: null"],
    ["that it throws", "throwing.mjs", '\n  throw new Error("no licence");', "throwing.mjs:2:9"],
  ])("logs the place of an error %s, and the code", async (_, name, source, place) => {
    await folder.write("broken.mjs", "\n\nlet a =;\n");
    const run = await startModule(name, source);
    expect(run.exitCode).toBe(65);
    expect(run.stderr).toContain(place);
    expect(run.stderr).toContain("[WORKER_INVALID]");
  });

  it("logs the place of an error in setup and its causes, in the source if there is a map", async () => {
    const { outputFiles } = await build({
      stdin: {
        contents: `// A comment that the compiler drops.
          import actions from "./actions.mjs";
          export default { ...actions, setup() {
            throw new RangeError("no model", { cause: new Error("no disk") });
          } };`,
        sourcefile: "src/mapped-source.ts",
        loader: "ts",
      },
      format: "esm",
      sourcemap: "inline",
      write: false,
    });
    const run = await startModule("mapped.mjs", outputFiles[0]?.text ?? "");
    expect(run.exitCode).toBe(70);
    expect(run.stderr).toMatch(
      /src\/mapped-source\.ts:4:19[\s\S]*Caused by: Error: no disk[\s\S]*mapped-source\.ts:4:55/,
    );
  });

  it("names what a TypeScript worker needs", async () => {
    await folder.write("enum-main.mjs", 'import "./enum.ts"; export default {};');
    await folder.write("enum.ts", "export enum Kind { a }");
    const { stderr } = await start("./enum-main.mjs");
    expect(stderr).toMatch(/Build it first, or (use Node 22\.18|start Node with NODE_OPTIONS=--import=tsx)/);
  });

  it.each([
    ["has no default export", "export const worker = {};", "is not a worker"],
    ["does not export a worker", "export default { process() {} };", "parameters: expected an object schema"],
    ["throws", 'throw new Error("no licence");', "cannot be imported: Error: no licence"],
    ["is not JavaScript", "export default {", "cannot be imported: SyntaxError"],
    ["imports a package that does not exist", 'import "no-such-package";', "no-such-package"],
    [
      "has an active timer and does not export a worker",
      "setInterval(() => undefined, 1000);\nexport default 5;",
      "is not a worker",
    ],
  ])("exits with 65 if its module %s", async (what, source, why) => {
    const name = `${what.replaceAll(" ", "-")}.mjs`;
    const run = await startModule(name, source);
    expect(run.stderr).toContain(why);
    expect(run.stderr).toContain(name);
    expect(run.exitCode).toBe(65);
    expectNothingRan(run);
  });

  it.each([
    ["an exception", 'setTimeout(() => { throw new Error("no licence"); });', "no licence"],
    ["process.exit", "process.exit(0);", "exit code 0"],
  ])("exits with 65 if its module ends the thread by %s", async (_, source, why) => {
    const run = await startModule(`deadly-${source.length}.mjs`, `${source}\nawait new Promise(() => undefined);`);
    expect(run.exitCode).toBe(65);
    expect(run.stderr).toContain(why);
    expectNothingRan(run);
  });

  it("exits with 65 if its module starts itself", async () => {
    // Its thread would start it again, and so on. DEPTH counts the threads, because a thread inherits the variables.
    const run = await startModule(
      "starts-itself.mjs",
      `import { runWorker } from "@mcai/worker-sdk";
       import actions from "./actions.mjs";
       process.env.DEPTH = Number(process.env.DEPTH ?? 0) + 1;
       if (process.env.DEPTH > 3) throw new Error("started in a thread of a thread");
       export default actions;
       await runWorker(import.meta.url);`,
    );
    expect(run.stderr).not.toContain("thread of a thread");
    expect(run.stderr).toContain("runWorker");
    expect(run.exitCode).toBe(65);
    expectNothingRan(run);
  });

  it.each([
    ["version", undefined, "nothing"],
    ["version", "1.4", '"1.4"'],
    ["description", " ", '" "'],
    ["license", undefined, "nothing"],
    ["license", "MITT", '"MITT"'],
    ["name", 5, "5"],
    ["author", 5, "5"],
  ])("exits with 65 if the field %s of its package.json is %o", async (field, value, got) => {
    const name = `package-${field}-${String(value).trim()}`;
    const file = await folder.write(join(name, "package.json"), JSON.stringify({ ...manifest, [field]: value }));
    const run = await startModule(join(name, "dist", "worker.js"), 'export { default } from "../../actions.mjs";');
    expect(run.stderr).toContain(`field "${field}" of ${file}: expected `);
    expect(run.stderr).toContain(`got ${got}`);
    expect(run.exitCode).toBe(65);
    expectNothingRan(run);
  });

  it("exits with 65 if its package.json is not JSON", async () => {
    const file = await folder.write("package-broken/package.json", "{");
    const run = await startModule("package-broken/worker.mjs", 'export { default } from "../actions.mjs";');
    expect(run.stderr).toContain(file);
    expect(run.exitCode).toBe(65);
    expectNothingRan(run);
  });

  it.each(["soon", "-1", "0", "1.5", "2147483648"])(
    "exits with 64 if MCAI_STOP_GRACE_MS is %s",
    async (MCAI_STOP_GRACE_MS) => {
      const run = await start("./actions.mjs", { MCAI_STOP_GRACE_MS });
      expect(run.exitCode).toBe(64);
      expect(run.stderr).toContain(`MCAI_STOP_GRACE_MS: expected a whole number`);
      expect(run.stderr).toContain(`got "${MCAI_STOP_GRACE_MS}"`);
      expectNothingRan(run);
    },
  );

  // The second name is the one of the job thread's entry point in the package.
  it.each(["main.mjs", "job-thread.js"])("exits with 65 if it is bundled with the package into %s", async (name) => {
    const main = join("bundle", name.replace(/\..*/, ""), name);
    await build({
      entryPoints: [join(folder.path, "main.mjs")],
      outfile: join(folder.path, main),
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
    });
    const run = await start("../../actions.mjs", {}, main);
    expect(run.exitCode).toBe(65);
    expect(run.stderr).toContain("a bundler must keep the package @mcai/worker-sdk external");
    expectNothingRan(run);
  });
});

describe.concurrent("the main module of a worker", { timeout: 30_000 }, () => {
  it("can be bundled if the package is kept external", async () => {
    await build({
      entryPoints: [join(folder.path, "main.mjs")],
      outfile: join(folder.path, "bundle", "external.mjs"),
      bundle: true,
      platform: "node",
      format: "esm",
      external: ["@mcai/worker-sdk"],
    });
    const run = await start("../actions.mjs", {}, join("bundle", "external.mjs"));
    expect(run.responses("Completed")).toMatchObject([{ job_id: 71 }]);
    expect(run.exitCode).toBe(0);
  });

  it("runs a worker's module that is bundled with the package, or says that the package must be external", async () => {
    await build({
      entryPoints: [join(folder.path, "actions.mjs")],
      outfile: join(folder.path, "bundle", "worker.mjs"),
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
    });
    const run = await start("./bundle/worker.mjs");
    if (run.exitCode !== 0) expect(run.stderr).toContain("a bundler must keep the package @mcai/worker-sdk external");
    else expect(run.responses("Completed")).toMatchObject([{ job_id: 71 }]);
  });

  it("can name the worker's module by its path, and continues after the run", async () => {
    await folder.write(
      "by-path.mjs",
      `import { runWorker } from "@mcai/worker-sdk";
       await runWorker("./actions.mjs");
       console.log("after");`,
    );
    const run = await start("", {}, "by-path.mjs");
    expect(run.stdout).toBe("setup\nafter\n");
    expect(run.exitCode).toBe(0);
  });
});

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";

// Runs the code of the README and of the guides against the built package.
const run = promisify(execFile);
const root = fileURLToPath(new URL("../../../", import.meta.url));
const packageFolder = fileURLToPath(new URL("../", import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mcai-docs-"));
  await mkdir(join(folder, "node_modules", "@mcai"), { recursive: true });
  await symlink(packageFolder, join(folder, "node_modules", "@mcai", "worker-sdk"));
  for (const name of ["vitest", "@types"])
    await symlink(join(packageFolder, "node_modules", name), join(folder, "node_modules", name));
  for (const document of ["README.md", "docs/porting.md", "docs/reliability.md"]) {
    const text = await readFile(join(root, document), "utf8");
    for (const [, name = "", code = ""] of text.matchAll(/^```ts\n\/\/ (\S+)\n([\s\S]*?)^```$/gm))
      await writeFile(join(folder, name), code);
  }
  const fields = { name: "words", version: "1.0.0", description: "Finds long words", license: "MIT", type: "module" };
  await writeFile(join(folder, "package.json"), JSON.stringify(fields));
  const options = { module: "nodenext", target: "es2023", strict: true, types: ["node"], skipLibCheck: true };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options }));
});
afterAll(() => rm(folder, { recursive: true }));

it("the code of the documents compiles, runs and passes its own test", { timeout: 60_000 }, async () => {
  await run(join(root, "node_modules", ".bin", "tsc"), ["-p", folder]);

  const values = { source_path: join(folder, "words.txt"), destination_path: join(folder, "long.txt") };
  await writeFile(values.source_path, "a worker does its work");
  const parameters = Object.entries(values).map(([id, value]) => ({ id, type: "string", value }));
  const order = join(folder, "order.json");
  await writeFile(order, JSON.stringify({ job_id: 1, parameters }));
  const env = { ...process.env, SOURCE_ORDERS: order, CI: "", MCAI_LOG: "debug" };
  const { stderr } = await run("node", [join(folder, "main.js")], { env });
  expect(stderr).toMatch(/"Completed":.*"id":"count","type":"integer","store":null,"value":3/);
  expect(await readFile(values.destination_path, "utf8")).toBe("worker\ndoes\nwork");

  await writeFile(
    join(folder, "ported.js"),
    'import { runWorker } from "@mcai/worker-sdk"; await runWorker(new URL("./ported-worker.js", import.meta.url));',
  );
  await writeFile(order, JSON.stringify({ job_id: 7, parameters: [{ id: "action", type: "string", value: "port" }] }));
  expect((await run("node", [join(folder, "ported.js")], { env })).stderr).toMatch(/"Completed":.*port of job 7/);

  const tests = await run("node", [
    join(packageFolder, "node_modules", "vitest", "vitest.mjs"),
    "run",
    "worker.test.ts",
    "--root",
    folder,
  ]);
  expect(tests.stdout).toMatch(/1 passed/);
});

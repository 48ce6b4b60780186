import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// Both packages as a user gets them: packed, and installed by npm into an empty project.
const run = promisify(execFile);
const packageFolder = join(import.meta.dirname, "..");
const project = await mkdtemp(join(tmpdir(), "mcai-pack-media-"));
const modules = join(project, "node_modules");
const installed = join(modules, "@mcai", "worker-sdk-media");
const manifest = { name: "@acme/bright", version: "1.0.0", description: "Finds bright frames", license: "MIT" };

async function npmInstall(...parameters: readonly string[]): Promise<void> {
  await run("npm", ["install", "--no-audit", "--no-fund", ...parameters], { cwd: project });
}

/** The files in a folder and below it. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Runs the built worker with an order for a clip of four dark and six bright frames. */
async function runOrder(): Promise<{ stderr: string; code: number }> {
  const clip = join(project, "clip.y4m");
  const frame = (luma: number) =>
    Buffer.concat([Buffer.from("FRAME\n"), Buffer.alloc(256, luma), Buffer.alloc(128, 128)]);
  const header = Buffer.from("YUV4MPEG2 W16 H16 F25:1 Ip A1:1 C420jpeg\n");
  await writeFile(clip, Buffer.concat([header, ...[20, 20, 20, 20, 200, 200, 200, 200, 200, 200].map(frame)]));
  const values = { source_path: clip, destination_path: join(project, "bright.json") };
  const parameters = Object.entries(values).map(([id, value]) => ({ id, type: "string", value }));
  await writeFile(join(project, "order.json"), JSON.stringify({ job_id: 71, parameters }));
  const env = { PATH: process.env.PATH, SOURCE_ORDERS: "order.json", MCAI_LOG: "debug" };
  return run(process.execPath, ["dist/main.js"], { cwd: project, env }).then(
    ({ stderr }) => ({ stderr, code: 0 }),
    ({ stderr, code }: { stderr: string; code: number }) => ({ stderr, code }),
  );
}

beforeAll(async () => {
  for (const folder of [packageFolder, join(packageFolder, "..", "sdk")])
    await run("npx", ["-y", "pnpm@12.21.0", "pack", "--pack-destination", project], { cwd: folder });
  const tarballs = (await readdir(project)).filter((name) => name.endsWith(".tgz"));
  await writeFile(join(project, "package.json"), JSON.stringify({ ...manifest, private: true, type: "module" }));
  await cp(join(import.meta.dirname, "support", "pack-project"), project, { recursive: true });
  const { devDependencies } = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8")) as {
    devDependencies: Record<string, string>;
  };
  // The compiler of TypeScript is an optional package too.
  const tools = ["typescript", "@types/node"].map((name) => `${name}@${devDependencies[name]}`);
  await npmInstall(...tarballs.map((name) => join(project, name)), ...tools);
}, 300_000);
afterAll(() => rm(project, { recursive: true }));

describe("the packed media package", () => {
  it("has the files that it declares, and the sources of its source maps", async () => {
    const files = await filesIn(installed);
    const names = files.map((file) => file.slice(installed.length + 1).replaceAll(sep, "/"));
    expect(names).toEqual(expect.arrayContaining(["LICENSE", "README.md", "dist/index.js", "dist/testing.d.ts"]));
    const expected = /^(dist|src)\/|^(LICENSE|README\.md|CHANGELOG\.md|package\.json)$/;
    expect(names.filter((name) => !expected.test(name))).toEqual([]);
    expect(names.filter((name) => /tsbuildinfo|test\.|^dist\/.*(?<!\.d)\.ts$/.test(name))).toEqual([]);
    for (const file of files.filter((name) => name.endsWith(".map"))) {
      const { sources } = JSON.parse(await readFile(file, "utf8")) as { sources: string[] };
      for (const source of sources) expect(files).toContain(join(file, "..", source));
    }
  });

  it("states the licence of FFmpeg in its README", async () => {
    const { description, license } = JSON.parse(await readFile(join(installed, "package.json"), "utf8"));
    expect(license).toBe("MIT");
    expect(description).toContain("GPL version 3");
    expect(await readFile(join(installed, "README.md"), "utf8")).toMatch(/GNU General Public License, version 3/);
  });

  it("compiles with a worker without skipLibCheck, so it exposes no type of node-av", {
    timeout: 120_000,
  }, async () => {
    const compilerOptions = {
      ...{ target: "es2023", lib: ["es2023"], types: ["node"], module: "nodenext", moduleResolution: "nodenext" },
      ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false },
      ...{ rewriteRelativeImportExtensions: true, outDir: "dist" },
    };
    await writeFile(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    const compiler = join(modules, "typescript", "bin", "tsc");
    const { stdout } = await run(process.execPath, [compiler, "--listFiles"], { cwd: project }).catch(
      (error: { stdout?: string }) => {
        throw new Error(error.stdout || String(error));
      },
    );
    expect(stdout.split("\n").filter((file) => /node_modules\/(node-av|werift)/.test(file))).toEqual([]);
  });

  it("decodes a clip", { timeout: 60_000 }, async () => {
    const { stderr, code } = await runOrder();
    expect(stderr).toContain('"status":"completed"');
    expect(stderr).toMatch(/"id":"bright","type":"integer","store":null,"value":6/);
    expect(code).toBe(0);
    const { frames } = JSON.parse(await readFile(join(project, "bright.json"), "utf8")) as { frames: unknown[] };
    expect(frames).toEqual(Array.from({ length: 10 }, (_, i) => ({ timeMs: i * 40 })));
  });

  it("has a test kit", { timeout: 60_000 }, async () => {
    const { stdout } = await run(process.execPath, ["dist/kit.js"], { cwd: project });
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: { status: "completed", parameters: { bright: 6 }, files: ["output.json"] },
      output: { frames: Array.from({ length: 10 }, (_, i) => ({ timeMs: i * 40 })) },
      ported: { status: "error", message: expect.stringContaining("name: is missing") },
    });
  });

  it("describes its worker, and names the missing package, if the native binary is not installed", {
    timeout: 120_000,
  }, async () => {
    // node-av's install script may reject an install without a binary; without the script our error appears.
    const args = ["ci", "--no-audit", "--no-fund", "--omit=optional", "--ignore-scripts"];
    await run("npm", args, { cwd: project });
    expect((await readdir(modules)).filter((name) => name === "@seydx")).toEqual([]);
    const { stderr, code } = await runOrder();
    expect(stderr).toContain("FFmpeg could not be loaded: node-av's binary for");
    expect(stderr).toContain(`@seydx/node-av-${process.platform}-${process.arch}`);
    expect(stderr).toContain("install without --omit=optional");
    expect(code).toBe(1);
    const env = { PATH: process.env.PATH, DESCRIBE: "1" };
    const { stdout } = await run(process.execPath, ["dist/main.js"], { cwd: project, env });
    expect(stdout).toContain("sdk_start_index");
  });
});

import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, sep } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// What a user gets: the packed package, which npm installs into an empty project.
const run = promisify(execFile);
const packageFolder = join(import.meta.dirname, "..");
const project = await mkdtemp(join(tmpdir(), "mcai-pack-"));
const modules = join(project, "node_modules");
const installed = join(modules, "@mcai", "worker-sdk");

const manifest = {
  name: "@acme/words",
  version: "1.0.0",
  description: "Finds long words",
  license: "MIT",
  private: true,
  type: "module",
};

const compilerOptions = {
  target: "es2023",
  lib: ["es2023"],
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  // The imports of the project end in .ts, as everywhere in this repository.
  rewriteRelativeImportExtensions: true,
};

/** Installs packages into the project as a user would. */
async function npmInstall(...packages: readonly string[]): Promise<void> {
  await run("npm", ["install", "--no-audit", "--no-fund", ...packages], { cwd: project });
}

/** Compiles the project. The error has the output of the compiler. */
async function compile(name: string, options: Readonly<Record<string, unknown>>): Promise<void> {
  const config = join(project, `tsconfig.${name}.json`);
  await writeFile(config, JSON.stringify({ compilerOptions: { ...compilerOptions, ...options }, include: ["*.ts"] }));
  const compiler = join(modules, "typescript", "bin", "tsc");
  await run(process.execPath, [compiler, "-p", config], { cwd: project }).catch((error: { stdout?: string }) => {
    throw new Error(error.stdout || String(error));
  });
}

/** Returns the files in a folder and its subfolders. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

beforeAll(async () => {
  const pack = ["-y", "pnpm@12.21.0", "pack", "--pack-destination", project];
  await run("npx", pack, { cwd: packageFolder });
  const [tarball = ""] = (await readdir(project)).filter((name) => name.endsWith(".tgz"));
  await writeFile(join(project, "package.json"), JSON.stringify(manifest));
  await npmInstall(join(project, tarball));
}, 180_000);
afterAll(() => rm(project, { recursive: true }));

describe("the packed package", () => {
  it("installs nothing native", async () => {
    const files = await filesIn(modules);
    expect(files.length).toBeGreaterThan(100);
    const native =
      /\.(node|so|dylib|dll|exe|a|wasm)$|\.so\.\d|(^|[\\/])(binding\.gyp|CMakeLists\.txt|prebuilds[\\/].*)$/;
    expect(files.filter((file) => native.test(file))).toEqual([]);
    const manifests = files.filter((file) => file.endsWith(`${sep}package.json`));
    for (const file of manifests) {
      const { scripts = {}, gypfile } = JSON.parse(await readFile(file, "utf8")) as Record<string, object | undefined>;
      const atInstall = Object.keys(scripts).filter((name) => /^(pre|post)?install$/.test(name));
      expect({ file, gypfile, atInstall }).toEqual({ file, gypfile: undefined, atInstall: [] });
    }
  });

  it("contains what it declares, and the sources of its source maps", async () => {
    const files = await filesIn(installed);
    const names = files.map((file) => file.slice(installed.length + 1).replaceAll(sep, "/"));
    expect(names).toEqual(expect.arrayContaining(["LICENSE", "README.md", "dist/index.js", "dist/testing.d.ts"]));
    expect(
      names.filter((name) => !/^(dist|src)\/|^(LICENSE|README\.md|CHANGELOG\.md|package\.json)$/.test(name)),
    ).toEqual([]);
    expect(names.filter((name) => /tsbuildinfo|test\.|^dist\/.*(?<!\.d)\.ts$/.test(name))).toEqual([]);
    const maps = files.filter((file) => file.endsWith(".map"));
    expect(maps.length).toBeGreaterThan(20);
    for (const file of maps) {
      const { sources } = JSON.parse(await readFile(file, "utf8")) as { sources: string[] };
      for (const source of sources) expect(files).toContain(join(file, "..", source));
    }
  });

  it("bundles TypeBox in one file with its licence", async () => {
    const scripts = (await filesIn(join(installed, "dist"))).filter((file) => /\.[cm]?js$/.test(file));
    const texts = new Map(
      await Promise.all(scripts.map(async (file) => [file, await readFile(file, "utf8")] as const)),
    );
    const importing = scripts.filter((file) =>
      /\b(from|import|require)\b\s*\(?\s*["'](typebox)\b/.test(texts.get(file) ?? ""),
    );
    expect(importing).toEqual([]);
    for (const library of ["typebox"]) {
      const licensed = new RegExp(`^${library} \\d+\\.\\d+\\.\\d+\\n(.*\\n){1,8}Permission is hereby granted`, "m");
      expect(scripts.filter((file) => licensed.test(texts.get(file) ?? "")).map((file) => basename(file))).toEqual([
        `${library}.cjs`,
      ]);
    }
  });
});

describe("a worker that uses the packed package", () => {
  beforeAll(async () => {
    await cp(join(import.meta.dirname, "support/pack-project"), project, { recursive: true });
    const { devDependencies } = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8")) as {
      devDependencies: Record<string, string>;
    };
    const tools = ["typescript", "@types/node"].map((name) => `${name}@${devDependencies[name]}`);
    await npmInstall("--save-dev", ...tools);
  }, 180_000);

  it.concurrent.each([
    ["node16", { module: "node16", moduleResolution: "node16", noEmit: true }],
    ["bundler", { module: "esnext", moduleResolution: "bundler", noEmit: true }],
    ["preserve", { module: "preserve", moduleResolution: "bundler", noEmit: true }],
  ])("compiles with %s", { timeout: 120_000 }, (name, options) => compile(name, options));

  it("compiles with nodenext and runs", { timeout: 120_000 }, async () => {
    await compile("nodenext", { module: "nodenext", moduleResolution: "nodenext", outDir: "dist" });
    // Only the types need the installed TypeBox. At run time the bundled one is used.
    await rename(join(modules, "typebox"), join(project, "typebox"));

    const source = join(project, "words.txt");
    const destination = join(project, "long.txt");
    await writeFile(source, "a worker does its\nwork");
    const values = { source_path: source, destination_path: destination, token: "s3cret" };
    const parameters = Object.entries(values).map(([id, value]) => ({ id, type: "string", value }));
    await writeFile(join(project, "order.json"), JSON.stringify({ job_id: 71, parameters }));
    const env = { PATH: process.env.PATH, SOURCE_ORDERS: "order.json", MCAI_LOG: "debug" };
    const local = await run(process.execPath, ["dist/main.js"], { cwd: project, env });
    expect(local.stderr).toContain("Worker: @acme/words, version: 1.0.0");
    expect(local.stderr).toContain('{"Completed":{"job_id":71,');
    expect(local.stderr).toContain('{"id":"share","type":"percent","store":null,"value":0.6,"default":null}');
    expect(local.stdout).toBe("");
    expect(await readFile(destination, "utf8")).toBe("worker\ndoes\nwork");

    const kit = await run(process.execPath, ["dist/kit.js", source, join(project, "kit.txt")], { cwd: project });
    expect(JSON.parse(kit.stdout)).toMatchObject({
      outcome: { status: "completed", parameters: { count: 3 }, types: { count: "integer", share: "percent" } },
      liveStatus: "completed",
      shout: { shout: "HEY 8" },
      code: "ORDER_INVALID",
    });
  });
});

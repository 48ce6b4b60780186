// Runs in packages/sdk after tsc, which writes the declarations: esbuild writes the JavaScript, in few files, because
// each module costs about a millisecond at every start of a worker, in both threads.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";

// Remove the files of an earlier build: the names of chunks change with their contents.
for (const file of readdirSync("dist", { recursive: true, encoding: "utf8" }))
  if (/\.c?js(\.map)?$/.test(file)) rmSync(`dist/${file}`);

const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));
/** @type {import("esbuild").BuildOptions} */
const common = { bundle: true, platform: "node", target: "node20", logLevel: "warning" };
const modules = await build({
  ...common,
  // All in one folder, so that any chunk finds the entry of the job thread next to itself.
  entryPoints: { index: "src/index.ts", testing: "src/testing.ts", "job-thread": "src/job-thread/entry.ts" },
  outdir: "dist",
  format: "esm",
  splitting: true,
  sourcemap: true,
  external: Object.keys(dependencies),
});

// TypeBox's 709 modules take 350 ms to load, one file takes 15 ms. It stays a dependency, for its types.
const typebox = await bundleLibrary("schema", "typebox");
if ([modules, typebox].some(({ warnings }) => warnings.length > 0)) process.exitCode = 1;

/**
 * @param {string} folder
 * @param {string} name
 */
async function bundleLibrary(folder, name) {
  const outfile = `dist/${name}.cjs`;
  const result = await build({
    ...common,
    entryPoints: [`src/${folder}/${name}-bundle.ts`],
    outfile,
    format: "cjs",
    minifySyntax: true,
    minifyWhitespace: true,
    metafile: true,
  });
  const folders = new Set(Object.keys(result.metafile?.inputs ?? {}).flatMap((file) => packageOf(file) ?? []));
  const licenses = [...folders].sort().map(readLicense).join("\n\n");
  writeFileSync(outfile, `/*!\nThis file contains:\n\n${licenses}\n*/\n${readFileSync(outfile, "utf8")}`);
  return result;
}

/** @param {string} file */
function packageOf(file) {
  for (let folder = dirname(file); folder.includes("node_modules"); folder = dirname(folder))
    if (existsSync(join(folder, "package.json"))) {
      const { name } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      if (name) return folder;
    }
  return undefined;
}

/** @param {string} folder */
function readLicense(folder) {
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (!file) throw new Error(`${name} has no licence file to ship with it`);
  return `${name} ${version}\n${readFileSync(join(folder, file), "utf8").trim().replaceAll("*/", "* /")}`;
}

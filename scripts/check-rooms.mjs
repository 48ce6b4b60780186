// Holds the imports of packages/*/src to the tables of ARCHITECTURE.md, and the files that it names to those that exist.
// node scripts/check-rooms.mjs [--write]   --write: writes the columns "may import" anew first
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findRoomFaults, writeImports } from "./rooms.mjs";

// Where the threads start. A package without entries runs in the thread of its users.
/** @type {Readonly<Record<string, Readonly<Record<string, string>>>>} */
const entries = { sdk: { main: "run/run-worker.ts", job: "job-thread/entry.ts" } };

const root = join(import.meta.dirname, "..");
const path = join(root, "ARCHITECTURE.md");
let page = readFileSync(path, "utf8");
const packages = readdirSync(join(root, "packages")).map((name) => ({
  source: join(root, "packages", name, "src"),
  heading: `\`packages/${name}/src\``,
  entries: entries[name] ?? {},
}));
if (process.argv.includes("--write")) {
  for (const pkg of packages) page = writeImports({ ...pkg, page });
  writeFileSync(path, page);
}

const faults = packages.flatMap((pkg) => findRoomFaults({ ...pkg, page }).map((fault) => `${pkg.heading}: ${fault}`));
const files = ["packages", "docs", "scripts", "conformance"].flatMap((folder) => listFiles(folder));
for (const [, name] of page.matchAll(/`([\w./-]+\.(?:ts|mjs|md|json))`/g))
  if (!files.some((file) => `/${file}`.endsWith(`/${name}`))) faults.push(`it names ${name}, which does not exist`);

for (const fault of faults) console.error(`ARCHITECTURE.md: ${fault}`);
console.log(`check-rooms: ${packages.length} packages, ${faults.length} faults`);
if (faults.length > 0) process.exitCode = 1;

/**
 * Lists the files of a folder of the repository that are not installed or built.
 * @param {string} folder
 * @returns {string[]}
 */
function listFiles(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (["node_modules", "dist"].includes(entry.name)) return [];
    return entry.isDirectory() ? listFiles(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`];
  });
}

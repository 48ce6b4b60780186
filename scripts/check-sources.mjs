// What biome cannot say of packages/*/src: how long the files are, and that whatever users can import has a docblock.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { undocumented } from "./docblocks.mjs";

const longest = 300;
const longestMedian = 100;

const root = join(import.meta.dirname, "..");
const faults = [];
const lengths = [];
for (const name of readdirSync(join(root, "packages"))) {
  const folder = join(root, "packages", name);
  for (const file of readdirSync(join(folder, "src"), { recursive: true })) {
    if (file.endsWith(".ts")) checkLength(join(folder, "src", file));
  }
  for (const entry of entries(folder)) {
    for (const symbol of undocumented(entry)) faults.push(`${relative(root, entry)}: "${symbol}" has no docblock`);
  }
}
const median = lengths.sort((a, b) => a - b)[Math.floor(lengths.length / 2)];
if (median > longestMedian) faults.push(`The median source file has ${median} lines, more than ${longestMedian}.`);

for (const line of faults) console.error(line);
console.log(`check-sources: ${lengths.length} files, median ${median} lines, ${faults.length} faults`);
if (faults.length > 0) process.exitCode = 1;

function checkLength(file) {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n").length;
  lengths.push(lines);
  if (lines > longest) faults.push(`${relative(root, file)}: ${lines} lines, more than ${longest}`);
}

// The manifest names built files: dist/x.js comes from src/x.ts.
function entries(folder) {
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return Object.values(exports)
    .flatMap(({ default: file }) => (file ? [join(folder, file.replace("/dist/", "/src/").replace(/js$/, "ts"))] : []))
    .filter((file) => existsSync(file));
}

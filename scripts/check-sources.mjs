// What biome cannot check in packages/*/src: the length of files, a docblock on each public name, and the form of @throws.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { undocumented } from "./docblocks.mjs";
import { parseSource } from "./parse-source.mjs";

const maxLines = 300;
const maxMedianLines = 100;

const root = join(import.meta.dirname, "..");
/** @type {string[]} */
const faults = [];
/** @type {number[]} */
const lengths = [];
for (const name of readdirSync(join(root, "packages"))) {
  const folder = join(root, "packages", name);
  for (const file of readdirSync(join(folder, "src"), { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts")) continue;
    checkLength(join(folder, "src", file));
    checkThrows(join(folder, "src", file));
  }
  for (const entry of entries(folder)) {
    for (const symbol of undocumented(entry)) faults.push(`${relative(root, entry)}: "${symbol}" has no docblock`);
  }
}
const median = lengths.sort((a, b) => a - b)[Math.floor(lengths.length / 2)];
if (median > maxMedianLines) faults.push(`The median source file has ${median} lines, more than ${maxMedianLines}.`);

for (const line of faults) console.error(line);
console.log(`check-sources: ${lengths.length} files, median ${median} lines, ${faults.length} faults`);
if (faults.length > 0) process.exitCode = 1;

/** @param {string} file */
function checkLength(file) {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n").length;
  lengths.push(lines);
  if (lines > maxLines) faults.push(`${relative(root, file)}: ${lines} lines, more than ${maxLines}`);
}

/** @param {string} file */
function checkThrows(file) {
  const { text, comments } = parseSource(file);
  for (const { start, value } of comments)
    for (const { 0: tag, index } of value.matchAll(/@throws (?!\{@link )[^\n]*/g)) {
      const line = text.slice(0, start + index).split("\n").length;
      faults.push(`${relative(root, file)}:${line}: "${tag}" is not "@throws {@link X}"`);
    }
}

/**
 * The manifest names built files: dist/x.js comes from src/x.ts.
 * @param {string} folder
 * @returns {string[]}
 */
function entries(folder) {
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  /** @type {({ default?: string } | string)[]} */
  const targets = Object.values(exports);
  return targets
    .flatMap((target) => (typeof target === "object" && target.default) || [])
    .map((file) => join(folder, file.replace("/dist/", "/src/").replace(/js$/, "ts")))
    .filter((file) => existsSync(file));
}

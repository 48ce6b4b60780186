// Checks the language of Markdown files, of comments, and of the texts in the packages' sources against the glossary.
// node scripts/check-language.mjs [file or folder…]   without arguments: all that is checked
import { readdirSync, statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { rules, wireTexts } from "./glossary.mjs";
import { code, readProse } from "./prose.mjs";

// Tests, benches and changesets are read by a person.
const checked = [
  /^[^/]+\.md$/,
  /^docs\/.+\.md$/,
  /^(?:packages|examples)\/[^/]+\/(?:README\.md|src\/.+\.ts)$/,
  /^(?:bench|chaos|conformance)\/[^/]+\.md$/,
  /^(?:scripts|\.ci)\/.+\.mjs$/,
  /^\.changeset\/README\.md$/,
];
const hasStrings = /^packages\/[^/]+\/src\//;
const skipped = /(?:^|\/)(?:node_modules|dist|\.git|\.turbo)$|^scripts\/glossary\.mjs$/;

const root = join(import.meta.dirname, "..");
const patterns = rules.map((rule) => ({
  ...rule,
  pattern: everywhere(rule.pattern),
  except: rule.except?.map(everywhere),
}));

const wrong = patterns.filter((rule) => find(rule, rule.fails).length === 0 || find(rule, rule.passes).length > 0);
for (const { pattern } of wrong) console.error(`glossary: ${pattern} does not do what its examples say`);

const asked = process.argv.slice(2).map((path) => relative(root, resolve(path)).split(sep).join("/"));
const files = asked.length > 0 ? asked.flatMap(filesOf) : filesOf("");
let found = 0;
for (const file of files.sort()) {
  for (const { text, lineAt } of readProse(join(root, file), { strings: hasStrings.test(file) })) {
    const prose = wireTexts.reduce((rest, wire) => rest.replaceAll(wire, code.repeat(wire.length)), text);
    for (const rule of patterns) {
      if (rule.allowedIn?.includes(file)) continue;
      for (const { index, length } of find(rule, prose)) {
        found += 1;
        const around = prose.slice(Math.max(0, index - 25), index + length + 25).replace(/\n/g, " ");
        console.error(
          `${file}:${lineAt(index)}: «${prose.slice(index, index + length)}» in «${around}»; write: ${rule.write}`,
        );
      }
    }
  }
}
console.log(`check-language: ${files.length} files, ${rules.length} patterns, ${found} findings`);
if (found > 0 || wrong.length > 0) process.exitCode = 1;

/**
 * Finds what a pattern matches outside its exceptions.
 * @param {{ pattern: RegExp, except?: RegExp[] | undefined }} rule
 * @param {string} text
 */
function find({ pattern, except = [] }, text) {
  const allowed = except.flatMap((phrase) => [...text.matchAll(phrase)].map(placeOf));
  return [...text.matchAll(pattern)]
    .map(placeOf)
    .filter(({ index, length }) => !allowed.some((a) => a.index < index + length && index < a.index + a.length));
}

/** @param {RegExpExecArray} match */
function placeOf({ index, 0: { length } }) {
  return { index, length };
}

/** @param {RegExp} pattern */
function everywhere(pattern) {
  return new RegExp(pattern, "gim");
}

/**
 * Lists the files of a folder that are checked, or the file itself, by their paths from the root.
 * @param {string} path
 * @returns {string[]}
 */
function filesOf(path) {
  if (skipped.test(path)) return [];
  if (statSync(join(root, path)).isDirectory())
    return readdirSync(join(root, path)).flatMap((name) => filesOf(path === "" ? name : `${path}/${name}`));
  return checked.some((pattern) => pattern.test(path)) ? [path] : [];
}

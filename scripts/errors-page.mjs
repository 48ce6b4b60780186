// Writes docs/errors.md from the tables of error codes in the sources; without --write checks that it is up to date.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const page = join(root, "docs", "errors.md");
const core = readFileSync(join(root, "packages/sdk/src/errors.ts"), "utf8");
const media = readFileSync(join(root, "packages/sdk-media/src/errors.ts"), "utf8");
const exitCodes = new Map([...core.matchAll(/^ {2}([A-Z_]+): (\d+),$/gm)].map(([, code, exit]) => [code, exit]));

/** @type {string[]} */
const faults = [];

/**
 * Returns the rows of the table in a docblock, which must have every code of the type that follows it.
 *
 * @param {string} source
 * @param {string} otherwise - Where an error arises that does not end the process.
 */
function rowsOf(source, otherwise) {
  const rows = [...source.matchAll(/^ \* \| `([A-Z_]+)` \| (.+?) \| (.+?) \|$/gm)];
  const listed = rows.map(([, code]) => code);
  const known = [...source.matchAll(/^ {2}\| "([A-Z_]+)"/gm)].map(([, code]) => code);
  for (const code of known) if (!listed.includes(code)) faults.push(`The table of codes lacks ${code}.`);
  for (const code of listed) if (!known.includes(code)) faults.push(`${code} is in the table alone.`);
  return rows.map(([, code, cause = "", remedy = ""]) => {
    const exit = exitCodes.get(code);
    const where = exit === undefined ? otherwise : "the process ends";
    return `| \`${code}\` | ${where} | ${exit ?? ""} | ${withoutLinks(cause)} | ${withoutLinks(remedy)} |`;
  });
}

/** @param {string} text */
function withoutLinks(text) {
  return text.replace(/\{@link ([^}]+)\}/g, "`$1`");
}

const head = ["| code | where | exit code | cause | remedy |", "| --- | --- | --- | --- | --- |"];
const text = [
  "# Errors",
  "",
  "<!-- Written by scripts/errors-page.mjs from the tables in the sources. Change those, and run it with --write. -->",
  "",
  "The code of an error is in the field `code` of the log's line about it. Where the SDK itself made the error, the code is also",
  "at the end of the message, in brackets: of the line, and of the response. What the worker's own code threw has no code, and",
  "the texts that the reference has too are without one.",
  "",
  "Codes are stable; messages may change.",
  "",
  "## The core",
  "",
  ...head,
  ...rowsOf(core, "a job"),
  "",
  "## Media",
  "",
  ...head,
  ...rowsOf(media, "a media job"),
  "",
].join("\n");

if (process.argv.includes("--write")) writeFileSync(page, text);
else if (readFileSync(page, "utf8") !== text)
  faults.push("docs/errors.md is not up to date: run node scripts/errors-page.mjs --write");
for (const line of faults) console.error(line);
console.log(`errors-page: ${faults.length} faults`);
if (faults.length > 0) process.exitCode = 1;

// Holds the imports of a package to a table of ARCHITECTURE.md: | room | thread | what it is for | may import |.
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { importsOf } from "./parse-source.mjs";

/**
 * One row of the table.
 * @typedef {object} Room
 * @property {string} name a folder of the sources, such as `transport/amqp/`, or a file at their root, such as `env.ts`
 * @property {string} thread
 * @property {string[] | "any"} mayImport the names of rooms; `any` for the entry points and the test kit
 * @property {number} line the index of the row's line in the page
 */

/**
 * What is checked.
 * @typedef {object} Package
 * @property {string} source the folder of the sources
 * @property {string} page the text of ARCHITECTURE.md
 * @property {string} heading what the heading above the table contains
 * @property {Readonly<Record<string, string>>} entries where each thread starts, by the thread: a file of the sources
 */

const threads = ["main", "job", "both"];
const opposite = new Map([
  ["main", "job"],
  ["job", "main"],
]);

/**
 * Compares the table with the code, both ways.
 * @param {Package} pkg
 * @returns {string[]} the faults
 */
export function findRoomFaults({ source, page, heading, entries }) {
  const rooms = new Map(readTable(page, heading).map((room) => [room.name, room]));
  if (rooms.size === 0) return [`there is no table of rooms under a heading with "${heading}"`];
  const arrows = readArrows(source);
  const order = [...rooms.keys()];
  /** @type {string[]} */
  const faults = [];
  for (const name of arrows.keys()) if (!rooms.has(name)) faults.push(`${name} is not in the table`);
  for (const { name, thread, mayImport } of rooms.values()) {
    const imported = arrows.get(name);
    if (!imported) faults.push(`${name} is in the table but not in the code`);
    if (!threads.includes(thread)) faults.push(`${name}: the thread "${thread}" is not one of ${threads.join(", ")}`);
    if (!imported || mayImport === "any") continue;
    for (const [to, file] of imported) {
      if (!mayImport.includes(to)) faults.push(`${file} imports ${to}, which the table does not allow for ${name}`);
      if (order.indexOf(to) < order.indexOf(name) && rooms.has(to))
        faults.push(`${file} imports ${to}: a room imports only rooms below it in the table`);
      if (rooms.get(to)?.thread === opposite.get(thread))
        faults.push(`${file} imports ${to}: ${name} runs in the ${thread} thread, ${to} in the other`);
    }
    for (const to of mayImport)
      if (!imported.has(to)) faults.push(`${name}: the table allows ${to}, which it does not import`);
  }
  for (const cycle of findCycles(arrows)) faults.push(`rooms import each other: ${cycle.join(" → ")}`);
  for (const [thread, entry] of Object.entries(entries)) {
    if (!existsSync(join(source, entry))) faults.push(`the entry of the ${thread} thread, ${entry}, does not exist`);
    else
      for (const [file, importer] of loadedFrom(join(source, entry))) {
        const room = roomOf(source, file);
        if (rooms.get(room)?.thread === opposite.get(thread) && roomOf(source, importer) !== room)
          faults.push(`${entry} loads ${room} in the ${thread} thread, by ${pathOf(source, importer)}`);
      }
  }
  return faults;
}

/**
 * Writes the column "may import" anew from the code.
 * @param {Package} pkg
 * @returns {string} the page
 */
export function writeImports({ source, page, heading }) {
  const arrows = readArrows(source);
  const lines = page.split("\n");
  const rooms = readTable(page, heading);
  for (const { name, mayImport, line } of rooms) {
    if (mayImport === "any") continue;
    const order = rooms.map((room) => room.name);
    const imported = [...(arrows.get(name)?.keys() ?? [])].sort((a, b) => order.indexOf(a) - order.indexOf(b));
    const cells = cellsOf(lines[line] ?? "");
    cells[3] = imported.map((room) => `\`${room}\``).join(", ") || "–";
    lines[line] = `| ${cells.join(" | ")} |`;
  }
  return lines.join("\n");
}

/**
 * Reads the first table under a heading.
 * @param {string} page
 * @param {string} heading
 * @returns {Room[]}
 */
function readTable(page, heading) {
  const lines = page.split("\n");
  const top = lines.findIndex((line) => line.startsWith("#") && line.includes(heading));
  const first = lines.findIndex((line, index) => index > top && line.startsWith("| --- |"));
  if (top < 0 || first < 0) return [];
  const rooms = [];
  for (let line = first + 1; lines[line]?.startsWith("|"); line++) {
    const [name = "", thread = "", , imports = ""] = cellsOf(lines[line] ?? "");
    const mayImport = /^any\b/.test(imports) ? /** @type {const} */ ("any") : namesIn(imports);
    rooms.push({ name: namesIn(name)[0] ?? name, thread, mayImport, line });
  }
  return rooms;
}

/** @param {string} row */
function cellsOf(row) {
  return row
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** @param {string} cell */
function namesIn(cell) {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
}

/**
 * Finds which room imports which, each with a file that does.
 * @param {string} source
 * @returns {Map<string, Map<string, string>>}
 */
function readArrows(source) {
  /** @type {Map<string, Map<string, string>>} */
  const arrows = new Map();
  for (const path of readdirSync(source, { recursive: true, encoding: "utf8" }).sort()) {
    if (!path.endsWith(".ts")) continue;
    const file = join(source, path);
    const from = roomOf(source, file);
    const imported = arrows.get(from) ?? new Map();
    arrows.set(from, imported);
    for (const { file: target } of importsOf(file)) {
      const to = roomOf(source, target);
      if (to !== from && !imported.has(to)) imported.set(to, pathOf(source, file));
    }
  }
  return arrows;
}

/**
 * Each folder is a room, and so is each file at the root.
 * @param {string} source
 * @param {string} file
 */
function roomOf(source, file) {
  const folder = pathOf(source, dirname(file));
  return folder === "" ? pathOf(source, file) : `${folder}/`;
}

/**
 * @param {string} source
 * @param {string} file
 */
function pathOf(source, file) {
  return relative(source, file).split(sep).join("/");
}

/**
 * Finds all files that an entry loads at run time, at once or later, each with the file that imports it.
 * @param {string} entry
 */
function loadedFrom(entry) {
  /** @type {Map<string, string>} */
  const loaded = new Map([[entry, entry]]);
  for (const file of loaded.keys())
    for (const { file: target, kind } of importsOf(file))
      if (kind !== "type" && !loaded.has(target)) loaded.set(target, file);
  return loaded;
}

/**
 * Finds the groups of rooms that reach each other, as one way round each.
 * @param {Map<string, Map<string, string>>} arrows
 */
function findCycles(arrows) {
  /** @type {string[][]} */
  const cycles = [];
  /** @type {Set<string>} */
  const done = new Set();
  /** @type {(room: string, way: string[]) => void} */
  const follow = (room, way) => {
    const at = way.indexOf(room);
    if (at >= 0) cycles.push([...way.slice(at), room]);
    if (at >= 0 || done.has(room)) return;
    for (const to of arrows.get(room)?.keys() ?? []) follow(to, [...way, room]);
    done.add(room);
  };
  for (const room of arrows.keys()) follow(room, []);
  return cycles;
}

// The check of rooms, tried on a small package with each kind of fault: every fault is found, and nothing else.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findRoomFaults, writeImports } from "../scripts/rooms.mjs";

const heading = "`packages/x/src`";
const entries = { main: "run/run.ts", job: "work/entry.ts" };

/** @type {Readonly<Record<string, string>>} */
const files = {
  "index.ts": 'export { run } from "./run/run.ts";\nexport { job } from "./work/job.ts";',
  "run/run.ts": 'import { send } from "../wire/wire.ts";\nexport const run = () => send;',
  "work/entry.ts":
    'import { send } from "../wire/wire.ts";\nimport { job } from "./job.ts";\nexport default [send, job];',
  "work/job.ts": "export const job = 1;",
  "wire/wire.ts": 'import type { Kind } from "../kind.ts";\nexport const send = (kind: Kind) => kind;',
  "kind.ts": "export type Kind = string;",
};

/** @type {readonly (readonly [room: string, thread: string, imports: string])[]} */
const rows = [
  ["index.ts", "both", "any"],
  ["run/", "main", "`wire/`"],
  ["work/", "job", "`wire/`"],
  ["wire/", "both", "`kind.ts`"],
  ["kind.ts", "both", "–"],
];

/** @type {(changes: Readonly<Record<string, string>>) => typeof rows} */
const withImports = (changes) => rows.map(([room, thread, imports]) => [room, thread, changes[room] ?? imports]);

/** @type {{ name: string, files?: Record<string, string>, rows?: typeof rows, entries?: typeof entries, finds: string[] }[]} */
const cases = [
  { name: "a package as the table shows it", finds: [] },
  { name: "a room that the table does not show", files: { "new/new.ts": "" }, finds: ["new/ is not in the table"] },
  {
    name: "a room that the code does not have",
    rows: [...rows, ["old/", "main", "–"]],
    finds: ["old/ is in the table but not in the code"],
  },
  {
    name: "an import that the table does not show",
    files: { "wire/more.ts": 'export * from "../text.ts";', "text.ts": "" },
    rows: [...rows, ["text.ts", "both", "–"]],
    finds: ["wire/more.ts imports text.ts, which the table does not allow for wire/"],
  },
  {
    name: "a type of import() that the table does not show",
    files: { "run/more.ts": 'export type Kind = import("../kind.ts").Kind;' },
    finds: ["run/more.ts imports kind.ts, which the table does not allow for run/"],
  },
  {
    name: "an import that the code does not have",
    rows: withImports({ "run/": "`wire/`, `kind.ts`" }),
    finds: ["run/: the table allows kind.ts, which it does not import"],
  },
  {
    name: "a thread that is unknown",
    rows: rows.map(([room, thread, imports]) => [room, room === "kind.ts" ? "none" : thread, imports]),
    finds: ['kind.ts: the thread "none" is not one of main, job, both'],
  },
  {
    name: "a type of the other thread",
    files: { "run/more.ts": 'import type { job } from "../work/job.ts";\nexport type Job = typeof job;' },
    rows: withImports({ "run/": "`work/`, `wire/`" }),
    finds: ["run/more.ts imports work/: run/ runs in the main thread, work/ in the other"],
  },
  {
    name: "the other thread by way of a room of both",
    files: {
      "wire/late.ts": 'export const late = () => import("../work/job.ts");',
      "run/run.ts": 'import "../wire/late.ts";',
      "work/entry.ts": 'import "./job.ts";',
    },
    rows: [
      ...rows.slice(0, 2),
      ["wire/", "both", "`work/`, `kind.ts`"],
      ["work/", "job", "–"],
      ["kind.ts", "both", "–"],
    ],
    finds: ["run/run.ts loads work/ in the main thread, by wire/late.ts"],
  },
  {
    name: "rooms that import each other",
    files: { "kind.ts": 'import type { send } from "./wire/wire.ts";\nexport type Kind = typeof send;' },
    rows: withImports({ "kind.ts": "`wire/`" }),
    finds: [
      "kind.ts imports wire/: a room imports only rooms below it in the table",
      "rooms import each other: wire/ → kind.ts → wire/",
    ],
  },
  {
    name: "an entry that does not exist",
    entries: { ...entries, main: "run/gone.ts" },
    finds: ["the entry of the main thread, run/gone.ts, does not exist"],
  },
  {
    name: "a page without the table",
    rows: [],
    finds: [`there is no table of rooms under a heading with "${heading}"`],
  },
];

for (const { name, files: changed = {}, rows: shown = rows, entries: starts = entries, finds } of cases) {
  const source = mkdtempSync(join(tmpdir(), "mcai-rooms-"));
  for (const [path, text] of Object.entries({ ...files, ...changed })) {
    mkdirSync(dirname(join(source, path)), { recursive: true });
    writeFileSync(join(source, path), text);
  }
  const table = shown.map(([room, thread, imports]) => `| \`${room}\` | ${thread} | what for | ${imports} |`);
  const page = [
    `## Rooms: ${heading}`,
    "",
    "| room | thread | what | may import |",
    "| --- | --- | --- | --- |",
    ...table,
  ];
  const pkg = { source, page: page.join("\n"), heading, entries: starts };
  const found = findRoomFaults(pkg);
  const isRight = found.join("\n") === finds.join("\n") && (finds.length > 0 || writeImports(pkg) === pkg.page);
  rmSync(source, { recursive: true });
  console.log(`${isRight ? "ok  " : "FAIL"} ${name}`);
  if (isRight) continue;
  process.exitCode = 1;
  console.log(`expected:\n${finds.join("\n")}\nfound:\n${found.join("\n")}`);
}

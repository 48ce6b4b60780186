import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { home } from "../paths.ts";
import { ToolMissing } from "../tools.ts";

/** What the platform's reader makes of each parameter, or of a whole description that it rejects. */
type Verdict = Readonly<Record<string, string>> | string;

/** The verdicts on our descriptions and on those of the Rust twins, by name. */
export interface Verdicts {
  readonly ours: Readonly<Record<string, Verdict>>;
  readonly twins: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const folder = join(home, "platform");

/** Reads the descriptions or the verdicts that were committed. */
export function readCommitted(file: "descriptions.json" | "verdicts.json"): unknown {
  return JSON.parse(readFileSync(join(folder, file), "utf8"));
}

/** Writes the descriptions and the verdicts to be committed. */
export function commit(descriptions: object, verdicts: Verdicts): void {
  for (const [file, content] of Object.entries({ "descriptions.json": descriptions, "verdicts.json": verdicts }))
    writeFileSync(join(folder, file), `${JSON.stringify(content, null, 2)}\n`);
}

/**
 * Asks the platform's reader about descriptions; builds it first.
 *
 * @throws {@link ToolMissing} If there is no cargo.
 */
export function judgeDescriptions(descriptions: object): Verdicts {
  const cargo = spawnSync("cargo", ["run", "--quiet", "--release", "--locked"], {
    cwd: folder,
    input: JSON.stringify(descriptions),
    encoding: "utf8",
    maxBuffer: 2 ** 26,
    stdio: ["pipe", "pipe", "inherit"],
  });
  if ((cargo.error as NodeJS.ErrnoException | undefined)?.code === "ENOENT") throw new ToolMissing("cargo is needed");
  if (cargo.status !== 0) throw new Error(`The judge ended with ${cargo.status ?? cargo.signal}.`);
  return JSON.parse(cargo.stdout) as Verdicts;
}

/** Finds where a description is an error, or where ours and the Rust twin are understood differently. */
export function findVerdictFaults({ ours, twins }: Verdicts): string[] {
  const faults: string[] = [];
  for (const [name, verdict] of Object.entries(ours)) {
    if (typeof verdict === "string") faults.push(`${name}: ${verdict}`);
    else
      for (const [id, one] of Object.entries(verdict))
        if (one.startsWith("error")) faults.push(`${name}, ${id}: ${one}`);
  }
  for (const [name, twin] of Object.entries(twins))
    for (const [id, expected] of Object.entries(twin)) {
      const verdict = ours[name];
      const got = typeof verdict === "object" ? verdict[id] : verdict;
      // What the reader rejects from Rust, or takes as Extended, is not compared.
      if (/^(error|Extended)/.test(expected) ? got === undefined : got !== expected)
        faults.push(`${name}, ${id}: ${got}, but the twin is ${expected}`);
    }
  return faults;
}

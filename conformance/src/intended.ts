import { readFileSync } from "node:fs";
import type { Comparison, Difference } from "./compare.ts";

/** An intended difference: the reference has a fault there, or another decision was made. */
export interface Intended {
  /** The name of the scenario; with `*`, all matching scenarios that have the field. */
  readonly scenario: string;
  /** The field; a `*` stands for any text. */
  readonly field: string;
  /** The number of a fault (`K8`) or the name of a decision (`direct-queue`) in docs/protocol.md. */
  readonly why: string;
  /** One sentence. */
  readonly note: string;
  /** The scenario is a race: the difference does not occur in every run. */
  readonly by_chance?: true;
}

/** Result of judging the differences of all scenarios. */
export interface Verdict {
  /** Differences without an entry. */
  readonly unexplained: readonly Difference[];
  /** Entries for compared scenarios that explain no difference. */
  readonly unused: readonly Intended[];
  /** The number of differences that each entry explains; entries that explain none are absent. */
  readonly used: ReadonlyMap<Intended, number>;
}

/** Reads the list of intended differences. */
export function readIntended(file: URL): Intended[] {
  return JSON.parse(readFileSync(file, "utf8")) as Intended[];
}

/** Whether a name or a field matches the pattern of an entry. */
function matches(pattern: string, text: string): boolean {
  let rest = text;
  const [first = "", ...others] = pattern.split("*");
  if (others.length === 0) return pattern === text;
  if (!rest.startsWith(first)) return false;
  rest = rest.slice(first.length);
  const last = others.pop() ?? "";
  for (const part of others) {
    const at = rest.indexOf(part);
    if (at < 0) return false;
    rest = rest.slice(at + part.length);
  }
  return rest.length >= last.length && rest.endsWith(last);
}

/** Judges the differences by the list. Entries for several scenarios must be used if all scenarios are compared. */
export function judge(comparisons: readonly Comparison[], intended: readonly Intended[], all: boolean): Verdict {
  const used = new Map<Intended, number>();
  const unexplained: Difference[] = [];
  for (const difference of comparisons.flatMap(({ differences }) => differences)) {
    const entries = intended.filter(
      ({ scenario, field }) => matches(scenario, difference.scenario) && matches(field, difference.field),
    );
    for (const entry of entries) used.set(entry, (used.get(entry) ?? 0) + 1);
    if (entries.length === 0) unexplained.push(difference);
  }
  // An entry for several scenarios applies only to those that have its field.
  const applies = ({ scenario, field }: Intended) =>
    comparisons.some(
      (comparison) =>
        matches(scenario, comparison.scenario) &&
        (!scenario.includes("*") || (all && comparison.fields.some((one) => matches(field, one)))),
    );
  return {
    unexplained,
    unused: intended.filter((entry) => !used.has(entry) && !entry.by_chance && applies(entry)),
    used,
  };
}

/** Faults of the list itself: reasons that docs/protocol.md does not have, entries that exist twice, long notes. */
export function findListFaults(intended: readonly Intended[], protocol: string): string[] {
  const faults: string[] = [];
  const seen = new Set<string>();
  for (const { scenario, field, why, note } of intended) {
    const name = `${scenario}, ${field}`;
    if (seen.has(name)) faults.push(`${name}: exists twice`);
    seen.add(name);
    if (!protocol.includes(`\n| ${why} | `))
      faults.push(`${name}: docs/protocol.md has no fault and no decision "${why}"`);
    if (!/^[^.]+\.$/.test(note)) faults.push(`${name}: expected one short sentence`);
  }
  return faults;
}

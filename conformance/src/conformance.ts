import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findConsumerFaults } from "./backend-consumers.ts";
import { listCaptures, readCapture } from "./capture.ts";
import { capture } from "./capture-run.ts";
import { type Comparison, compare } from "./compare.ts";
import { findListFaults, judge, readIntended, type Verdict } from "./intended.ts";
import { readWire } from "./wire.ts";

/** Options of {@link checkConformance}. */
export interface ConformanceOptions {
  /** The folder of the reference's captures. */
  readonly golden: string;
  /** The folder of existing captures of ours. @default new captures are made */
  readonly captured?: string | undefined;
  /** The folder in which new captures are kept. @default they are not kept */
  readonly keep?: string | undefined;
  /** The number of scenarios that run at the same time. */
  readonly parallel: number;
  /** Selects scenarios of the folder. @default all; only then must entries for several scenarios be used too */
  readonly wants?: ((scenario: string) => boolean) | undefined;
}

/** Result of a comparison. It passes if nothing is unexplained, unused or at fault. */
export interface Conformance extends Verdict {
  readonly comparisons: readonly Comparison[];
  /** What a consumer of the backend would reject, and faults of the list. */
  readonly faults: readonly string[];
  /** The folder of the captures, if they were kept or did not pass. */
  readonly captures: string | undefined;
}

/** Runs the scenarios with the twins, and compares them with the reference's captures. */
export async function checkConformance(options: ConformanceOptions): Promise<Conformance> {
  const { golden, parallel, wants } = options;
  const scenarios = listCaptures(golden).filter(wants ?? (() => true));
  if (scenarios.length === 0) throw new Error(`${golden} has no such scenario`);
  const folder = options.keep ?? mkdtempSync(join(tmpdir(), "mcai-conformance-"));
  const captures = options.captured ?? (await capture({ scenarios, golden, folder, parallel }));
  const intended = readIntended(new URL("../intended-differences.json", import.meta.url));
  const faults = findListFaults(intended, readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8"));
  const comparisons: Comparison[] = [];
  for (const scenario of scenarios) {
    const ours = readCapture(captures, scenario);
    comparisons.push(compare(readCapture(golden, scenario), ours));
    for (const message of readWire(ours.wire ?? []).published)
      faults.push(...findConsumerFaults(message).map((fault) => `${scenario}: ${fault}`));
  }
  const outcome = { ...judge(comparisons, intended, wants === undefined), comparisons, faults, captures };
  if (!isPassed(outcome) || options.keep !== undefined) return outcome;
  rmSync(folder, { recursive: true, force: true });
  return { ...outcome, captures: options.captured };
}

/** Formats the result, with a line for each finding. */
export function report({ comparisons, unexplained, unused, used, faults, captures }: Conformance): string {
  const lines = unexplained.map(
    ({ scenario, field, reference, ours }) =>
      `${scenario}: ${field}\n    reference  ${cut(reference)}\n    ours       ${cut(ours)}`,
  );
  lines.push(...faults);
  lines.push(...unused.map(({ scenario, field, why }) => `unused entry: ${scenario}, ${field} (${why})`));
  const fields = comparisons.reduce((sum, comparison) => sum + comparison.fields.length, 0);
  const explained = new Map<string, number>();
  for (const [{ why }, count] of used) explained.set(why, (explained.get(why) ?? 0) + count);
  const reasons = [...explained].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
  if (captures !== undefined) lines.push(`Our captures are in ${captures}.`);
  lines.push(
    `${comparisons.length} scenarios, ${fields} fields compared; intended: ${reasons.map(([why, count]) => `${why} ${count}`).join(", ")}`,
    `${unexplained.length} unexplained differences, ${unused.length} unused entries, ${faults.length} faults`,
  );
  return lines.join("\n");
}

/** Whether ours does what the reference does, except for intended differences. */
export function isPassed({ unexplained, unused, faults }: Conformance): boolean {
  return unexplained.length + unused.length + faults.length === 0;
}

function cut(text: string): string {
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}

import { isDeepStrictEqual } from "node:util";
import { ToolMissing } from "../tools.ts";
import { describeWorkers } from "./descriptions.ts";
import { commit, findVerdictFaults, judgeDescriptions, readCommitted, type Verdicts } from "./judge.ts";

/**
 * Compares the descriptions of our workers, and what the platform's reader makes of them, with those that were committed.
 * Without cargo the verdicts are not computed again, which is said.
 *
 * @param write - Whether to write what is different instead.
 * @returns The lines of the report, and whether all is well.
 */
export async function checkPlatform(write: boolean): Promise<{ lines: string[]; isPassed: boolean }> {
  const descriptions = await describeWorkers();
  const committed = readCommitted("descriptions.json") as Record<string, object>;
  const names = [...new Set([...Object.keys(descriptions), ...Object.keys(committed)])];
  const changed = names.filter((name) => !isDeepStrictEqual(descriptions[name], committed[name]));
  const faults = write ? [] : changed.map((name) => `${name}: the description is not the committed one`);
  const count = Object.keys(descriptions).length;
  try {
    const verdicts = judgeDescriptions(descriptions);
    faults.push(...findVerdictFaults(verdicts));
    if (write) commit(descriptions, verdicts);
    else faults.push(...compareVerdicts(verdicts, readCommitted("verdicts.json") as Verdicts));
    const lines = [`${count} descriptions judged by mcai_models 0.9.1, ${faults.length} faults`, ...faults];
    return { lines, isPassed: faults.length === 0 };
  } catch (error) {
    if (!(error instanceof ToolMissing)) throw error;
    const said = `${count} descriptions compared, ${faults.length} faults; ${count} not judged again: ${error.message}`;
    return { lines: [said, ...faults], isPassed: faults.length === 0 && !write };
  }
}

function compareVerdicts(now: Verdicts, committed: Verdicts): string[] {
  return (["ours", "twins"] as const).flatMap((side) =>
    Object.keys({ ...now[side], ...committed[side] })
      .filter((name) => !isDeepStrictEqual(now[side][name], committed[side][name]))
      .map((name) => `${name} (${side}): the verdict is not the committed one`),
  );
}

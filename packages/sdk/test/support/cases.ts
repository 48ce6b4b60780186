import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "vitest";

/** One vector of the reference material. */
export interface Case<Input = Record<string, unknown>, Expected = Record<string, unknown>> {
  readonly id: string;
  readonly input: Input;
  readonly expected: Expected;
  readonly quirk?: string;
}

/**
 * Runs every case of a file of the reference material that concerns this room, or skips them, saying so, where the
 * material is not there.
 */
export function describeCases<Input, Expected>(
  file: string,
  run: (one: Case<Input, Expected>) => void | Promise<void>,
  concerns: (one: Case<Input, Expected>) => boolean = () => true,
): void {
  const url = new URL(`../../../../../shared/cases/protocol/${file}`, import.meta.url);
  describe(`cases/protocol/${file}`, () => {
    if (!existsSync(url)) {
      it.skip("the reference material ../shared is not there", () => undefined);
      return;
    }
    const cases = JSON.parse(readFileSync(url, "utf8")) as Case<Input, Expected>[];
    for (const one of cases.filter(concerns)) it(one.id, () => run(one));
  });
}

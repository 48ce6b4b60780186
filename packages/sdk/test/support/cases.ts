import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "vitest";

/** A case of the reference material. */
export interface Case<Input = Record<string, unknown>, Expected = Record<string, unknown>> {
  readonly id: string;
  readonly input: Input;
  readonly expected: Expected;
  readonly quirk?: string;
}

/**
 * Registers a test for each case of a file of the reference material.
 *
 * @param concerns - Selects the cases that this package covers.
 */
export function describeCases<Input, Expected>(
  file: string,
  run: (one: Case<Input, Expected>) => void | Promise<void>,
  concerns: (one: Case<Input, Expected>) => boolean = () => true,
): void {
  const url = new URL(`../../../../../shared/cases/protocol/${file}`, import.meta.url);
  describe(`cases/protocol/${file}`, () => {
    if (!existsSync(url)) {
      it("passes", (context) => context.skip(`../shared/cases/protocol/${file} does not exist`));
      return;
    }
    const cases = JSON.parse(readFileSync(url, "utf8")) as Case<Input, Expected>[];
    for (const one of cases.filter(concerns)) it(one.id, () => run(one));
  });
}

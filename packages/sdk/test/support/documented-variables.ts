import { readFileSync } from "node:fs";
import { join } from "node:path";

const page = join(import.meta.dirname, "../../../../docs/configuration.md");

/** Returns the variables in the tables of docs/configuration.md, by the title of their section; "" before the first one. */
export function documentedVariables(): ReadonlyMap<string, readonly string[]> {
  const sections = new Map<string, string[]>();
  for (const section of `## \n${readFileSync(page, "utf8")}`.split(/^## /m).slice(1)) {
    const [title = "", ...lines] = section.split("\n");
    const cells = lines.flatMap((line) => /^\|([^|]*)\|/.exec(line)?.[1] ?? []);
    sections.set(
      title.trim(),
      cells.flatMap((cell) => cell.match(/(?<=`)(?:<STORE>_)?[A-Z][A-Z0-9_]+(?=`)/g) ?? []),
    );
  }
  return sections;
}

/** Calls a function with an environment that has no variables, and returns the names of those that it reads. */
export function variablesReadBy(read: (env: Record<string, string | undefined>) => unknown): string[] {
  const names = new Set<string>();
  const env = new Proxy<Record<string, string | undefined>>(
    {},
    {
      get(_, name) {
        names.add(String(name));
        return undefined;
      },
    },
  );
  read(env);
  return [...names];
}

import { spawnSync } from "node:child_process";

/** The time that the search may take. */
const maxSearchMs = 10_000;

/**
 * Finds where an ES module has a syntax error. Node writes the place only for an error that ends the process: so a second
 * process imports the module, together with an import that cannot be linked, since it must not run any of its code.
 *
 * @returns The file, the line and the code as Node prints them; undefined if nothing was found.
 */
export function findSyntaxError(moduleUrl: string, error: SyntaxError): string | undefined {
  const source = `import ${JSON.stringify(moduleUrl)}; import { none } from "data:text/javascript,";`;
  const { stderr } = spawnSync(process.execPath, [...process.execArgv, "--input-type=module", "-e", source], {
    encoding: "utf8",
    timeout: maxSearchMs,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const lines = stderr.split("\n");
  const end = lines.findIndex((line) => line.includes(`SyntaxError: ${error.message}`));
  const start = lines.findIndex((line) => /^(?:file:\/\/|\/|[A-Za-z]:\\).*:\d+$/.test(line));
  if (start < 0 || end < start) return undefined;
  const place = lines.slice(start, end);
  const column = (place.find((line) => /^\s*\^+\s*$/.test(line))?.indexOf("^") ?? -1) + 1;
  return [`${place[0]}${column > 0 ? `:${column}` : ""}`, ...place.slice(1)].join("\n").trimEnd();
}

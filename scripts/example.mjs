// pnpm example <name>: builds and runs examples/<name> under the caller's environment.
import { runExample } from "./run-example.mjs";

const [name] = process.argv.slice(2);
if (name === undefined) {
  console.error("Usage: pnpm example <name>");
  process.exit(2);
}
process.exit(await runExample(name, process.env));

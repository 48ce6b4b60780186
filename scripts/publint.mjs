// Runs publint on every package. Suggestions fail too, which the command line tool allows.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const packages = join(import.meta.dirname, "..", "packages");
for (const name of readdirSync(packages)) {
  const pkgDir = join(packages, name);
  const pkg = JSON.parse(readFileSync(join(pkgDir, "package.json"), "utf8"));
  const { messages } = await publint({ pkgDir, level: "suggestion" });
  for (const message of messages) console.error(`${pkg.name}: ${message.type}: ${formatMessage(message, pkg)}`);
  if (messages.length > 0) process.exitCode = 1;
  else console.log(`${pkg.name}: publint found nothing`);
}

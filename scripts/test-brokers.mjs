// pnpm test:brokers: runs the tests that need a broker (*.broker.test.ts) on each supported version of RabbitMQ, and ends
// with one line for each version.
import { spawn } from "node:child_process";
import { join } from "node:path";

const versions = ["3.10", "4.0", "4.3"];
const outcomes = [];
for (const version of versions) {
  console.log(`--- RabbitMQ ${version}`);
  const startMs = Date.now();
  const { code, counted } = await runTests(version);
  if (code !== 0) process.exitCode = 1;
  const seconds = ((Date.now() - startMs) / 1000).toFixed(0);
  outcomes.push(`RabbitMQ ${version}: ${counted ?? `ended with ${code}`} (${seconds} s)`);
}
console.log(outcomes.join("\n"));

/**
 * Shows what the gate writes, and keeps its line "N passed, N failed".
 * @param {string} version
 */
async function runTests(version) {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, "gate.mjs"), "--project", "sdk", ".broker.test.ts", ...process.argv.slice(2)],
    { stdio: ["inherit", "pipe", "inherit"], env: { ...process.env, MCAI_TEST_BROKER_VERSION: version } },
  );
  let tail = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    process.stdout.write(text);
    tail = (tail + text).slice(-1000);
  });
  const code = await new Promise((resolve) => child.once("close", (status, signal) => resolve(signal ?? status)));
  return { code, counted: /^\d+ passed, \d+ failed.*$/m.exec(tail)?.[0] };
}

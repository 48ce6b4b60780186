// pnpm start: runs two example workers, on README.md and on a small clip, and shows their results.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, runExample } from "./run-example.mjs";

const folder = mkdtempSync(join(tmpdir(), "mcai-start-"));
let code = 0;
for (const [example, source] of [
  ["worker", "README.md"],
  ["media-worker", "examples/media-worker/media/clip.mp4"],
]) {
  const destination = join(folder, `${example}.json`);
  code ||= await runExample(example, {
    ...process.env,
    SOURCE_ORDERS: join(root, "examples", example, "message.json"),
    SOURCE_PATH: join(root, source),
    DESTINATION_PATH: destination,
  });
  if (code !== 0) break;
  const outcome = readFileSync(destination, "utf8");
  const shown = outcome.length > 1000 ? `${outcome.slice(0, 1000)}…` : outcome;
  console.log(`\nThe result for ${source}, from the destination file of the worker:\n${shown}\n`);
}
rmSync(folder, { recursive: true });
process.exit(code);

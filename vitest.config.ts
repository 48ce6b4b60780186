import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, sep } from "node:path";
import { defineConfig } from "vitest/config";
import { isApart } from "./scripts/build-apart.mjs";
import { ensureFFmpeg } from "./scripts/ensure-ffmpeg.mjs";

// One project per package and example that has a test folder, and the comparison with the reference.
const folders = ["packages", "examples"].flatMap((parent) => {
  const folder = join(import.meta.dirname, parent);
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
});
const projects = [...folders, join(import.meta.dirname, "conformance")]
  .filter((folder) => existsSync(join(folder, "test")))
  .map((folder) => ({ name: basename(folder), root: folder, ...setUp(folder) }));

function setUp(folder: string) {
  if (!isApart(folder)) return {};
  return { setupFiles: [join(import.meta.dirname, "scripts", "setup-apart.mjs")], provide: { folder } };
}

const hasFFmpeg = ensureFFmpeg();
// The test files that run the ffmpeg command: ffmpeg.test.ts of an example, and what imports the support that runs it.
function findFFmpegTests(folder: string): string[] {
  const files = readdirSync(join(folder, "test"), { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => `test/${file.replaceAll(sep, "/")}`)
    .filter(
      (file) =>
        /\/ffmpeg\.test/.test(file) || /support\/media\.ts"|FFmpegPeer/.test(readFileSync(join(folder, file), "utf8")),
    );
}

export default defineConfig({
  test: {
    projects: projects.map((project) => ({
      extends: true as const,
      test: {
        ...project,
        include: ["test/**/*.test.ts"],
        exclude: hasFFmpeg ? [] : findFFmpegTests(project.root),
      },
    })),
    // Costs nothing until a test file asks for the broker.
    globalSetup: [join(import.meta.dirname, "scripts/broker/vitest-setup.mjs")],
    // Built packages run as they are: the job thread must load the same modules as the main thread.
    server: { deps: { external: [/\/packages\/[^/]+\/dist\//] } },
  },
});

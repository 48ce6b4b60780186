import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
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
// All of the media package but these have the ffmpeg command make their media, or compare with it; patterns by a project.
const needFFmpeg = (name: string) =>
  name === "sdk-media" ? ["test/!(pack|ported|readme|tensors).test.ts"] : ["test/ffmpeg.test.ts"];

export default defineConfig({
  test: {
    projects: projects.map((project) => ({
      extends: true as const,
      test: {
        ...project,
        include: ["test/**/*.test.ts"],
        exclude: hasFFmpeg ? [] : needFFmpeg(project.name),
      },
    })),
    // Costs nothing until a test file asks for the broker.
    globalSetup: [join(import.meta.dirname, "scripts/broker/vitest-setup.mjs")],
    // Built packages run as they are: the job thread must load the same modules as the main thread.
    server: { deps: { external: [/\/packages\/[^/]+\/dist\//] } },
  },
});

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { transform } from "esbuild";
import { expect, it } from "vitest";
import type { defineMediaWorker } from "../src/index.ts";
import { startMediaJob } from "../src/testing.ts";

const packageFolder = fileURLToPath(new URL("../", import.meta.url));

it("has a README whose worker finds black frames", { timeout: 30_000 }, async () => {
  const readme = await readFile(join(packageFolder, "README.md"), "utf8");
  const [, name = "", code = ""] = /^```ts\n\/\/ (\S+)\n([\s\S]*?)^```$/m.exec(readme) ?? [];
  expect(name).toBe("black-frames.ts");
  // Within the package, so that its imports find both packages by name.
  const folder = await mkdtemp(join(packageFolder, "dist", "readme-"));
  try {
    const file = join(folder, "black-frames.mjs");
    await writeFile(file, (await transform(code, { loader: "ts" })).code);
    const module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
      default: ReturnType<typeof defineMediaWorker>;
    };
    const path = join(folder, "clip.y4m");
    await writeFile(path, blackThenWhite(3, 2));
    const outcome = await startMediaJob(module.default, { source: path }).result;
    expect(outcome).toMatchObject({ status: "completed", message: "", parameters: { black_frames: 3 } });
    expect(outcome.output()).toEqual({ frames: [0, 40, 80].map((timeMs) => ({ timeMs, mean: expect.any(Number) })) });
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** A clip in yuv4mpeg, of 16×16 pixels at 25 frames a second. */
function blackThenWhite(black: number, white: number): Buffer {
  const frame = (luma: number) =>
    Buffer.concat([Buffer.from("FRAME\n"), Buffer.alloc(256, luma), Buffer.alloc(128, 128)]);
  const frames = [...Array<number>(black).fill(16), ...Array<number>(white).fill(235)].map(frame);
  return Buffer.concat([Buffer.from("YUV4MPEG2 W16 H16 F25:1 Ip A1:1 C420jpeg\n"), ...frames]);
}

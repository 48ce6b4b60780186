import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, transform } from "esbuild";
import { expect, it } from "vitest";
import { Framer } from "../../../src/ebu-ttml.ts";
import { startMediaJob } from "../../../src/testing.ts";
import { live } from "../../support/ebu-ttml-cases.ts";
import { muxPrivateData } from "../../support/mpeg-ts.ts";

const packageFolder = fileURLToPath(new URL("../../../", import.meta.url));

it("has a guide whose code gives the documented results", async () => {
  const guide = await readFile(join(packageFolder, "../../docs/subtitles.md"), "utf8");
  const code = [...guide.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, block]) => block).join("\n");
  // Within the package, so that it imports the built package by name.
  const folder = await mkdtemp(join(packageFolder, "dist", "guide-"));
  try {
    const file = join(folder, "guide.mjs");
    const source = `${code}\nexport { again, kinds, lines, refused, shown, worker, xml };`;
    await writeFile(file, (await transform(source, { loader: "ts", format: "esm" })).code);
    const guided = await import(/* @vite-ignore */ pathToFileURL(file).href);
    expect(guided).toMatchObject({
      again: "DuplicateNumber",
      kinds: ["document", "error", "document"],
      lines: [[10_000, "Bonjour\nle monde"]],
      refused: undefined,
      shown: 12,
    });
    expect(guided.xml).toContain('BONJOUR<tt:br/><tt:span begin="500ms">LE MONDE</tt:span>');
    const path = join(folder, "live.ts");
    const packets = [1, 2].map((number) => {
      const body = `<tt:body begin="${number}s" dur="800ms"><tt:div><tt:p>a &amp; b</tt:p></tt:div></tt:body>`;
      return { data: Buffer.from(live({ number, body })), pts: 90_000 * number };
    });
    await writeFile(path, muxPrivateData(packets));
    const outcome = await startMediaJob(guided.worker, { source: path }).result;
    expect(outcome).toMatchObject({ status: "completed", message: "", files: ["output.json", "output.vtt"] });
    const cue = (second: number) => `00:00:0${second}.000 --> 00:00:0${second}.800\nde: a &amp; b\n`;
    expect(outcome.text("output.vtt")).toBe(`WEBVTT\n\n${cue(1)}\n${cue(2)}`);
    const framed = new Framer().push(Buffer.from(outcome.text() ?? ""));
    expect(
      framed.map(
        (item) => item.kind === "document" && [item.document.sequenceIdentifier, item.document.sequenceNumber],
      ),
    ).toEqual([
      ["tr-de", 1],
      ["tr-de", 2],
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("loads neither FFmpeg nor the core", async () => {
  const { metafile } = await build({
    entryPoints: [join(packageFolder, "dist/ebu-ttml.js")],
    bundle: true,
    platform: "node",
    format: "esm",
    metafile: true,
    write: false,
  });
  const folders = new Set(
    Object.keys(metafile.inputs).map((path) => /node_modules\/(?!\.pnpm)([^/]+)/.exec(path)?.[1]),
  );
  expect([...folders].filter((name) => name !== undefined).sort()).toEqual(["saxes", "xmlchars"]);
});

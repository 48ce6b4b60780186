import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runJob } from "@mcai/worker-sdk/testing";
import { afterAll, expect, it } from "vitest";
import worker from "../src/worker.ts";

const folder = mkdtempSync(join(tmpdir(), "mcai-captions-"));
afterAll(() => rmSync(folder, { recursive: true }));

const source = join(folder, "source.srt");
writeFileSync(
  source,
  "\ufeff7\r\n00:00:01,000 --> 00:00:02,500\r\n<i>Tom</i> & Jerry <3\r\n\r\n9\r\n00:01:03,000 --> 00:01:04,000\r\nLà-bas.\r\n",
);

const run = (parameters: { language?: string; sdk_start_index?: number }) =>
  runJob(worker, { source_path: source, destination_path: join(folder, "out.json"), ...parameters });
const textOf = (name: string) => readFile(join(folder, name), "utf8");

it("writes a WebVTT and a SubRip file from a SubRip file", async () => {
  const outcome = await run({});
  expect(outcome).toMatchObject({
    status: "completed",
    parameters: { cues: 2 },
    destinationPaths: [join(folder, "out.vtt"), join(folder, "out.srt")],
  });
  expect(await textOf("out.vtt")).toBe(`WEBVTT

00:00:01.000 --> 00:00:02.500
Tom &amp; Jerry &lt;3

00:01:03.000 --> 00:01:04.000
Là-bas.
`);
  expect(await textOf("out.srt")).toBe(`1
00:00:01,000 --> 00:00:02,500
Tom & Jerry <3

2
00:01:03,000 --> 00:01:04,000
Là-bas.
`);
});

it("writes a part with the times of the source", async () => {
  expect(await run({ sdk_start_index: 60_000 })).toMatchObject({ status: "completed", parameters: { cues: 1 } });
  expect(await textOf("out.srt")).toBe("1\n00:01:03,000 --> 00:01:04,000\nLà-bas.\n");
});

it("lists the languages of the source when the requested one does not exist", async () => {
  expect(await run({ language: "ger" })).toMatchObject({
    status: "error",
    message: expect.stringContaining("There are no subtitles in the language ger; the source has: unknown"),
  });
});

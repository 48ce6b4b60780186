import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 60_000 });

const run = promisify(execFile);
const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "mcai-captions-"));
afterAll(() => rmSync(folder, { recursive: true }));

const english = "1\n00:00:01,000 --> 00:00:02,000\nHello\n";
const french =
  "1\n00:00:01,000 --> 00:00:02,500\n<i>Tom</i> & Jerry <3\n– Où ?\n\n2\n00:00:03,000 --> 00:00:04,000\nLà-bas.\n";

beforeAll(() => {
  writeFileSync(join(folder, "english.srt"), english);
  writeFileSync(join(folder, "french.srt"), french);
});

/** Makes a clip with subtitles in two languages. */
async function makeMedia(name: string, codec: string): Promise<string> {
  const path = join(folder, name);
  const subtitles = ["english", "french"].flatMap((language) => ["-i", join(folder, `${language}.srt`)]);
  const clip = "-v error -y -f lavfi -i testsrc2=size=64x48:rate=25:d=5".split(" ");
  const languages = "-metadata:s:s:0 language=eng -metadata:s:s:1 language=fre".split(" ");
  const maps = "-map 0 -map 1 -map 2 -c:v mpeg4 -c:s".split(" ");
  await run("ffmpeg", [...clip, ...subtitles, ...maps, codec, ...languages, path]);
  return path;
}

it.each([
  ["subtitled.mp4", "mov_text"],
  ["subrip.mkv", "subrip"],
  ["webvtt.mkv", "webvtt"],
])("writes the subtitles of %s in the language that the order names, as a separate process", async (name, codec) => {
  const { stderr } = await run(process.execPath, [pathOf("../dist/main.js")], {
    env: {
      ...process.env,
      SOURCE_ORDERS: pathOf("../message.json"),
      MCAI_LOG: "debug",
      SOURCE_PATH: await makeMedia(name, codec),
      DESTINATION_PATH: join(folder, `${codec}.json`),
    },
  });
  const completed = JSON.parse(/\{"Completed":.*$/m.exec(stderr)?.[0] ?? "{}") as { Completed?: object };
  const [vtt, srt] = [join(folder, `${codec}.vtt`), join(folder, `${codec}.srt`)];
  expect(completed.Completed).toMatchObject({
    job_id: 1238,
    status: "completed",
    destination_paths: [vtt, srt],
    parameters: [{ id: "cues", type: "integer", value: 2 }],
  });
  expect(readFileSync(srt, "utf8")).toBe(french.replaceAll(/<\/?i>/g, ""));
  const readme = readFileSync(pathOf("../README.md"), "utf8");
  expect(readme).toContain(`\n${readFileSync(vtt, "utf8")}`);
  // FFmpeg reads the same cues from the output as from the source.
  for (const path of [vtt, srt]) {
    const { stdout } = await run("ffmpeg", ["-v", "error", "-i", path, "-f", "srt", "-"]);
    expect(stdout.replaceAll("\r", "").trim()).toBe(french.replaceAll(/<\/?i>/g, "").trim());
  }
});

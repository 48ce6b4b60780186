import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { canMake, type MediaName, media } from "./support/media.ts";

// `pnpm fuzz` runs more: MCAI_FUZZ_COUNT files in each of MCAI_FUZZ_SEEDS processes.
const count = Number(process.env.MCAI_FUZZ_COUNT ?? 10);
const seeds = Array.from({ length: Number(process.env.MCAI_FUZZ_SEEDS ?? 4) }, (_, i) => i + 1);
const script = fileURLToPath(new URL("support/mutate.mjs", import.meta.url));
const names = (
  [
    ...["h264-b.mp4", "h264-b.ts", "aac.mkv", "mpeg2.ts", "hevc.mp4", "vp9.mkv", "av1.mkv", "prores.mov", "mjpeg.mkv"],
    ...["gif.gif", "png.mkv", "mp3.mp3", "opus.ogg", "flac.flac", "pcm.wav", "ac3.ts", "aac.mp4", "h264-b.mkv"],
  ] as MediaName[]
).filter(canMake);

it.each(seeds)(
  "completes or fails properly for damaged files, seed %i",
  { timeout: 30_000 + count * 6000 },
  async (seed) => {
    const files = await Promise.all(names.map((name) => media(name)));
    // The call rejects for a crash and for a timeout.
    const { stdout } = await promisify(execFile)(process.execPath, [script, String(seed), String(count), ...files], {
      timeout: 20_000 + count * 5000,
    });
    const outcomes = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { status: string; reason: string; ms: number });
    expect(outcomes).toHaveLength(count);
    const completed = outcomes.filter(({ status }) => status === "completed").length;
    const maxMs = Math.max(...outcomes.map(({ ms }) => ms));
    console.log(`seed ${seed}: ${completed} completed, ${count - completed} with an error, ${maxMs} ms at most`);
    for (const { status, reason } of outcomes) {
      expect(["completed", "error"]).toContain(status);
      // The errors are ours, not those of JavaScript.
      if (status === "error")
        expect(reason).toMatch(
          /^FILE |^the source |^FFmpeg |^there is no |^initProcess: |^the decoder |^a filter failed: |^a picture /,
        );
    }
  },
);

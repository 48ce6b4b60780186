// Decodes damaged files one after another, and prints the outcome of each. Usage: node mutate.mjs seed count file...
// A crash ends this process; the caller must detect a hang.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, extname, join } from "node:path";
import { Type } from "@mcai/worker-sdk";
import { audioStream, defineMediaWorker, pcmStream, videoStream } from "@mcai/worker-sdk-media";
import { startMediaJob } from "@mcai/worker-sdk-media/testing";

const [seed, count, ...files] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "mcai-fuzz-"));
const random = makeRandom(Number(seed));

const worker = defineMediaWorker({
  parameters: Type.Object({}),
  initProcess(format) {
    let frames = 0;
    // Reads every byte, because the memory of FFmpeg must be valid.
    /** @param {ArrayLike<number>} bytes */
    const look = (bytes) => {
      if (bytes.length > 0) frames++;
    };
    const streams = format.streams.flatMap((stream) => {
      const filtered = random() < 0.5;
      if (stream.kind === "video")
        return videoStream(stream, filtered ? { width: 64, pixelFormat: "rgb24" } : {}, ([frame]) => {
          if (frame) look(frame.packed());
          if (frame && filtered) look(frame.tensor());
        });
      if (stream.kind !== "audio") return [];
      return filtered
        ? audioStream(stream, { sampleRate: 8000, channels: 1 }, ([frame]) => frame && look(frame.samples()))
        : pcmStream(stream, { sampleRate: 16_000, windowMs: 100, overlapMs: 20 }, ({ samples }) => look(samples));
    });
    return { streams, endingProcess: () => ({ parameters: { frames } }) };
  },
});

for (let i = 0; i < Number(count); i++) {
  const file = files[(Number(seed) * Number(count) + i) % files.length] ?? "";
  const damaged = join(folder, `damaged${extname(file)}`);
  writeFileSync(damaged, mutate(readFileSync(file)));
  const parameters = random() < 0.2 ? { sdk_start_index: 700, sdk_stop_index: 1500 } : {};
  const startMs = performance.now();
  const { status, message, parameters: results } = await startMediaJob(worker, { source: damaged, parameters }).result;
  const reason = message.replaceAll(damaged, "FILE").split("\n")[0];
  console.log(
    JSON.stringify({
      file: basename(file),
      status,
      reason,
      ...results,
      ms: Math.round(performance.now() - startMs),
    }),
  );
}
rmSync(folder, { recursive: true });

/** @param {Buffer} bytes */
function mutate(bytes) {
  const changes = 1 + Math.floor(random() * 60);
  for (let i = 0; i < changes; i++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
  return random() < 0.3 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes;
}

// The generator of Numerical Recipes: the same files for the same seed on every machine.
/** @param {number} state */
function makeRandom(state) {
  let next = state >>> 0;
  return () => {
    next = (Math.imul(next, 1664525) + 1013904223) >>> 0;
    return next / 2 ** 32;
  };
}

import { rename, rm, writeFile } from "node:fs/promises";
import { defineWorker, JobStopped, Type } from "@mcai/worker-sdk";
import { readStatistics } from "./statistics.ts";

export default defineWorker({
  parameters: Type.Object({
    action: Type.Enum(["completed", "error", "stopped"], { description: "How the job ends" }),
    number: Type.Integer({ default: 0 }),
    array_of_strings: Type.Optional(Type.Array(Type.String())),
    array_of_integers: Type.Optional(Type.Array(Type.Integer())),
    source_path: Type.String({ description: "The text file to read" }),
    destination_path: Type.String({ description: "The JSON file to write" }),
  }),
  results: Type.Object({
    sha256: Type.String(),
    bytes: Type.Integer(),
    lines: Type.Integer(),
    words: Type.Integer(),
    longest_line: Type.Integer(),
  }),
  async process({ source_path, destination_path, action, ...others }, job) {
    job.log.info(`Action: ${action}`, others);
    if (action === "error") throw new Error('The job failed, as its parameter "action" asked');
    if (action === "stopped") throw new JobStopped('The job stopped, as its parameter "action" asked');

    const statistics = await readStatistics(source_path, job);
    await writeJson(destination_path, { source_path, ...statistics });
    return { destinationPaths: [destination_path], parameters: statistics };
  },
});

// Writes to a temporary name first, so that the path never has an incomplete file.
async function writeJson(path: string, value: unknown): Promise<void> {
  const partial = `${path}.part`;
  try {
    await writeFile(partial, `${JSON.stringify(value, null, 2)}\n`);
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

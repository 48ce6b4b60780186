import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromStore, runJob, startTestWorker } from "@mcai/worker-sdk/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import worker from "../src/worker.ts";

// The size in which a file is read.
const pieceBytes = 65_536;

let folder: string;
let source_path: string;
let destination_path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mcai-example-"));
  source_path = join(folder, "source.txt");
  destination_path = join(folder, "outcome.json");
});

afterEach(() => rm(folder, { recursive: true }));

async function run(text: string) {
  await writeFile(source_path, text);
  return runJob(worker, { action: "completed", source_path, destination_path });
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

test("the checksum and line statistics of a file are results, and JSON at the destination", async () => {
  const text = "one two\n\n  three  \nfour";
  const outcome = await run(text);
  const statistics = { sha256: sha256(text), bytes: 23, lines: 4, words: 4, longest_line: 9 };
  expect(outcome).toMatchObject({ status: "completed", parameters: statistics, progress: [100] });
  expect(outcome.types).toEqual({
    sha256: "string",
    bytes: "integer",
    lines: "integer",
    words: "integer",
    longest_line: "integer",
  });
  expect(outcome.destinationPaths).toEqual([destination_path]);
  expect(JSON.parse(await readFile(destination_path, "utf8"))).toEqual({ source_path, ...statistics });
  expect(await readdir(folder)).toEqual(["outcome.json", "source.txt"]);
});

test.for([
  ["of an empty file", "", { bytes: 0, lines: 0, words: 0, longest_line: 0 }],
  ["of a single line feed", "\n", { bytes: 1, lines: 1, words: 0, longest_line: 0 }],
  ["of a last line without a line feed", "a\nbcd", { lines: 2, words: 2, longest_line: 3 }],
  ["of CRLF", "one\r\ntwo!\r\n", { bytes: 11, lines: 2, words: 2, longest_line: 4 }],
  ["of a carriage return within a line", "a\rb\r", { lines: 1, words: 2, longest_line: 4 }],
  ["of characters of one to four bytes", "aé€😀", { bytes: 10, lines: 1, words: 1, longest_line: 4 }],
] as const)("the counts %s are correct", async ([, text, counts]) => {
  expect((await run(text)).parameters).toMatchObject({ sha256: sha256(text), ...counts });
});

test.for([
  ["a word", "x".repeat(pieceBytes + 1), { lines: 1, words: 1, longest_line: pieceBytes + 1 }],
  ["CRLF", `${"x".repeat(pieceBytes - 1)}\r\ny`, { lines: 2, words: 2, longest_line: pieceBytes - 1 }],
  // Starts at an odd offset, so that every boundary cuts a character in two.
  ["a character", `a${"é".repeat(pieceBytes)}`, { lines: 1, words: 1, longest_line: pieceBytes + 1 }],
] as const)("%s across the boundary of two pieces is counted once", async ([, text, counts]) => {
  const outcome = await run(text);
  expect(outcome.parameters).toMatchObject({ sha256: sha256(text), bytes: Buffer.byteLength(text), ...counts });
  expect(outcome.progress.length).toBeGreaterThan(1);
});

test("the paths are read from the store environment", async () => {
  await writeFile(source_path, "text\n");
  const paths = {
    source_path: fromStore("environment", "SOURCE_PATH"),
    destination_path: fromStore("environment", "DESTINATION_PATH"),
  };
  const environment = { SOURCE_PATH: source_path, DESTINATION_PATH: destination_path };
  const outcome = await runJob(worker, { action: "completed", ...paths }, { environment });
  expect(outcome).toMatchObject({ status: "completed", destinationPaths: [destination_path] });
});

test("message.json is an order for this worker", async () => {
  await writeFile(source_path, "text\n");
  const order = await readFile(new URL("../message.json", import.meta.url));
  const environment = { SOURCE_PATH: source_path, DESTINATION_PATH: destination_path };
  const testWorker = await startTestWorker(worker, { environment });
  await testWorker.send(order);
  expect(await testWorker.next("job_completed")).toMatchObject({
    job_id: 1234,
    destination_paths: [destination_path],
    parameters: expect.arrayContaining([expect.objectContaining({ id: "lines", type: "integer", value: 1 })]),
  });
  await testWorker.close();
});

test("a stop during a large file leaves no file at the destination", async () => {
  await writeFile(source_path, Buffer.alloc(64 * 1024 * 1024, "a line\n"));
  const parameters = { action: "completed", source_path, destination_path } as const;
  const outcome = await runJob(worker, parameters, { stopAfterProgress: 10 });
  expect(outcome.status).toBe("stopped");
  expect(Math.max(...outcome.progress)).toBeLessThan(100);
  expect(await readdir(folder)).toEqual(["source.txt"]);
});

test("the error for a missing source file has its path", async () => {
  const outcome = await runJob(worker, { action: "completed", source_path, destination_path });
  expect(outcome.status).toBe("error");
  expect(outcome.message).toContain("no such file or directory");
  expect(outcome.message).toContain(source_path);
  expect(await readdir(folder)).toEqual([]);
});

test("a destination that cannot be replaced leaves no temporary file", async () => {
  await mkdir(destination_path);
  const outcome = await run("text\n");
  expect(outcome.status).toBe("error");
  expect(outcome.message).toContain(destination_path);
  expect(await readdir(folder)).toEqual(["outcome.json", "source.txt"]);
});

test("the action determines how the job ends", async () => {
  const paths = { source_path, destination_path };
  expect(await runJob(worker, { action: "stopped", ...paths })).toMatchObject({ status: "stopped", parameters: {} });
  expect(await runJob(worker, { action: "error", ...paths })).toMatchObject({
    status: "error",
    message: 'Error: The job failed, as its parameter "action" asked',
  });
});

test("an unknown action is rejected with the valid ones", async () => {
  const testWorker = await startTestWorker(worker);
  const parameters = Object.entries({ action: "sing", source_path, destination_path });
  await testWorker.send({
    type: "job",
    job_id: 7,
    parameters: parameters.map(([id, value]) => ({ id, type: "string", value })),
  });
  const [message] = (await testWorker.next("job_error")).parameters;
  expect(message?.value).toBe(
    'action: expected one of "completed", "error", "stopped", got "sing" (string) [PARAMETERS_INVALID]',
  );
  await testWorker.close();
});

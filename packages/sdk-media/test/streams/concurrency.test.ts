import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Type } from "@mcai/worker-sdk";
import { runJob } from "@mcai/worker-sdk/testing";
import { describe, expect, it } from "vitest";
import { Framer } from "../../src/ebu-ttml.ts";
import { defineMediaWorker, ebuTtmlStream } from "../../src/index.ts";
import { addMemorySource } from "../../src/source/memory-source.ts";
import { live } from "../support/ebu-ttml-cases.ts";
import { folder, newDestination, runStreams } from "../support/media.ts";

const framesOf = (path: string) => (JSON.parse(readFileSync(path, "utf8")) as { frames: unknown[] }).frames;
const raw = (text: string) =>
  addMemorySource({
    format: "data",
    bytes: (async function* () {
      yield Buffer.from(text);
    })(),
  });

describe("concurrency", () => {
  const numbers = Array.from({ length: 40 }, (_, i) => i + 1);
  const source = () => raw(numbers.map((number) => live({ number })).join(""));
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  // The first of every four takes longest.
  const delayOf = (number: number) => 40 - 10 * ((number - 1) % 4);

  it.each([1, 4])("of %i keeps results and outputs in order, and runs that many handlers", async (concurrency) => {
    const destination = newDestination();
    const texts = join(folder, `texts-${concurrency}.json`);
    let [running, maxRunning] = [0, 0];
    const ended: number[] = [];
    const outcome = await runStreams(
      source(),
      (format, job) => [
        ebuTtmlStream(format.first("ebu-ttml"), { concurrency }, async ([document]) => {
          const number = document?.sequenceNumber ?? 0;
          maxRunning = Math.max(maxRunning, ++running);
          await wait(delayOf(number));
          await job.output.json(texts).write([number, "a"]);
          if (document) await job.output.ebuTtml(`${texts}.xml`).write(document.with({ sequenceIdentifier: "tr" }));
          void job.output.json(texts).write([number, "b"]);
          running--;
          ended.push(number);
          return number;
        }),
      ],
      { destination },
    );
    expect(outcome).toMatchObject({ status: "completed", message: "" });
    expect(maxRunning).toBe(concurrency);
    expect(framesOf(destination)).toEqual(numbers);
    expect(framesOf(texts)).toEqual(
      numbers.flatMap((number) => [
        [number, "a"],
        [number, "b"],
      ]),
    );
    const written = new Framer().push(readFileSync(`${texts}.xml`));
    expect(written.map((item) => item.kind === "document" && item.document.sequenceNumber)).toEqual(numbers);
  });

  it("starts new handlers while earlier results are pending", async () => {
    const destination = newDestination();
    const ended: number[] = [];
    const outcome = await runStreams(
      source(),
      (format) => [
        ebuTtmlStream(format.first("ebu-ttml"), { concurrency: 4, batchSize: 5 }, async (documents) => {
          const [first] = documents.map(({ sequenceNumber }) => sequenceNumber ?? 0);
          await wait(first === 1 ? 200 : 1);
          ended.push(first ?? 0);
          return documents.map(({ sequenceNumber }) => sequenceNumber);
        }),
      ],
      { destination },
    );
    expect(outcome).toMatchObject({ status: "completed", message: "" });
    expect(ended.slice(0, 4)).toEqual([6, 11, 16, 1]);
    expect(framesOf(destination).flat()).toEqual(numbers);
  });

  it("fails the job with the error of a handler after the others have ended", async () => {
    const destination = newDestination();
    let running = 0;
    const outcome = await runStreams(
      source(),
      (format) => [
        ebuTtmlStream(format.first("ebu-ttml"), { concurrency: 4 }, async ([document]) => {
          const number = document?.sequenceNumber ?? 0;
          running++;
          await wait(number === 6 ? 1 : 20);
          running--;
          if (number === 6) throw new Error("the translator is tired");
          return number;
        }),
      ],
      { destination },
    );
    expect(outcome).toMatchObject({ status: "error", message: expect.stringContaining("the translator is tired") });
    expect(running).toBe(0);
    expect(readFileSync(`${destination}.part`, "utf8")).not.toContain("7");
  });

  it("stops the job after all running handlers have ended", async () => {
    const destination = newDestination();
    let [running, begun, atEnd] = [0, 0, -1];
    const worker = defineMediaWorker({
      parameters: Type.Object({}),
      initProcess: (format, _, job) => ({
        streams: [
          ebuTtmlStream(format.first("ebu-ttml"), { concurrency: 3 }, async ([document]) => {
            running++;
            if (++begun === 5) job.progress(50);
            await wait(30);
            running--;
            return document?.sequenceNumber;
          }),
        ],
        endingProcess: () => {
          atEnd = running;
        },
      }),
    });
    const outcome = await runJob(
      worker,
      { source_path: source(), destination_path: destination },
      { stopAfterProgress: 50 },
    );
    expect(outcome).toMatchObject({ status: "stopped", destinationPaths: [destination] });
    expect(atEnd).toBe(0);
    const written = framesOf(destination);
    expect(written).toEqual(numbers.slice(0, written.length));
    expect(begun).toBeLessThan(40);
  });

  it.each([1, 4])("of %i reads at most 48 MiB of documents ahead", async (concurrency) => {
    const body = `<tt:body><tt:div><tt:p>${"x".repeat(900_000)}</tt:p></tt:div></tt:body>`;
    let [given, handled, ahead] = [0, 0, 0];
    const path = addMemorySource({
      format: "data",
      bytes: (async function* () {
        for (; given < 40; given++) yield Buffer.from(live({ number: given + 1, body }));
      })(),
    });
    const outcome = await runStreams(path, (format) => [
      ebuTtmlStream(format.first("ebu-ttml"), { concurrency }, async () => {
        // The first handler waits until the source has stopped reading ahead.
        for (let before = -1; handled === 0 && before < given; ) {
          before = given;
          await wait(300);
        }
        await wait(50 * concurrency);
        handled++;
        ahead = Math.max(ahead, given - handled);
      }),
    ]);
    expect(outcome).toMatchObject({ status: "completed", message: "" });
    expect(handled).toBe(40);
    // A document takes seven times its bytes in memory.
    expect(ahead).toBeGreaterThan(1);
    expect(ahead).toBeLessThan(12);
  });
});

import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestResponse } from "@mcai/worker-sdk/testing";
import { type EbuTtDocument, paragraphs, parseDocument, textOf, write } from "@mcai/worker-sdk-media/ebu-ttml";
import { type MediaOutcome, source, startMediaJob, type TestSource } from "@mcai/worker-sdk-media/testing";
import { afterAll, describe, expect, it } from "vitest";
import { muxPrivateData } from "../../../packages/sdk-media/test/support/mpeg-ts.ts";
import worker from "../src/worker.ts";
import { documentOf, splitDocuments } from "./documents.ts";

const folder = mkdtempSync(join(tmpdir(), "mcai-subtitles-live-"));
afterAll(() => rmSync(folder, { recursive: true }));
const webvttPath = join(folder, "subtitles.vtt");

const start = (from: TestSource, language?: string, responses: TestResponse[] = []) =>
  startMediaJob(worker, {
    source: from,
    parameters: { webvtt_path: webvttPath, ...(language !== undefined && { language }) },
    onResponse: (response) => void responses.push(response),
  });

/** MPEG-TS with one document in each packet, at a time in seconds. */
const transportStream = (...documents: readonly (readonly [second: number, xml: string])[]) =>
  source.packets(
    (async function* () {
      yield muxPrivateData(documents.map(([second, xml]) => ({ data: Buffer.from(xml), pts: 90_000 * second })));
    })(),
  );

/** Parses the documents that were sent, strictly. */
const sentOf = (outcome: MediaOutcome): EbuTtDocument[] =>
  splitDocuments(outcome.text() ?? "").map((xml) => parseDocument(xml, { mode: "strict" }));
const textsOf = (document: EbuTtDocument) => [...paragraphs(document)].map(textOf);
const cuesOf = async () => (await readFile(webvttPath, "utf8")).replace("WEBVTT\n\n", "").trimEnd().split("\n\n");

const shown = (times: string, text: string) => `<tt:body ${times}><tt:div><tt:p>${text}</tt:p></tt:div></tt:body>`;

describe("documents", () => {
  it("are rewritten by the rules of the language, as a new sequence", async () => {
    const body = `<tt:body begin="1s" end="2s"><tt:div><tt:p>iyi<tt:br/><tt:span end="500ms">&lt;ılık&gt;</tt:span></tt:p></tt:div></tt:body>`;
    const outcome = await start(transportStream([1, documentOf(7, body)], [2, documentOf(9, "<tt:body/>")]), "tr")
      .result;
    expect(outcome).toMatchObject({ status: "completed", message: "", parameters: { documents: 2, cues: 1 } });
    const sent = sentOf(outcome);
    expect(sent.map((document) => [document.sequenceIdentifier, document.sequenceNumber, document.language])).toEqual([
      ["demo-upper", 7, "tr"],
      ["demo-upper", 9, "tr"],
    ]);
    expect(write(sent[0] as EbuTtDocument)).toContain(
      `<tt:p>İYİ<tt:br/><tt:span end="500ms">&lt;ILIK&gt;</tt:span></tt:p>`,
    );
    expect(await cuesOf()).toEqual(["00:00:01.000 --> 00:00:02.000\nİYİ\n&lt;ILIK&gt;"]);
  });

  it("are rewritten in English by default", async () => {
    const outcome = await start(transportStream([1, documentOf(1, shown("", "iyi ılık"))])).result;
    expect(sentOf(outcome).map((document) => [document.language, textsOf(document)])).toEqual([["en", ["IYI ILIK"]]]);
  });

  it("have the language of the last update that was answered before they arrived", async () => {
    const responses: TestResponse[] = [];
    async function* bytes(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(documentOf(1, shown(`begin="1s"`, "iyi")));
      await job.update({ language: "tr-tr" });
      yield Buffer.from(documentOf(2, shown(`begin="2s"`, "iyi")));
      await job.update({ language: "no tag" });
      yield Buffer.from(documentOf(3, shown(`begin="3s"`, "iyi")));
    }
    const job = start({ format: "data", bytes: bytes() }, "en", responses);
    const sent = sentOf(await job.result);
    expect(sent.slice(1).map((document) => [document.language, textsOf(document)])).toEqual([
      ["tr-TR", ["İYİ"]],
      ["tr-TR", ["İYİ"]],
    ]);
    const rejected = responses.filter(({ kind }) => kind === "worker_updated").at(-1);
    expect(JSON.stringify(rejected?.body)).toContain("language: expected a BCP 47 tag such as tr or pt-BR, got no tag");
  });

  it("are not processed if the language is invalid", async () => {
    expect(await start(transportStream([1, documentOf(1)]), "en_US").result).toMatchObject({
      status: "error",
      message: expect.stringContaining("language: expected a BCP 47 tag such as tr or pt-BR, got en_US"),
    });
  });

  it("are left out if they are invalid, have a used number, arrive too late or belong to another sequence", async () => {
    const outcome = await start(
      transportStream(
        [1, documentOf(2, shown(`begin="1s" end="2s"`, "two"))],
        [2, documentOf(3, shown(`begin="soon"`, "fault"))],
        [3, documentOf(2, shown(`begin="3s" end="4s"`, "again"))],
        [4, documentOf(3, shown(`begin="4s" end="5s"`, "other"), "other")],
        [5, documentOf(4, shown(`begin="5s" end="6s"`, "four"))],
        [6, documentOf(1, shown(`begin="1s" end="2s"`, "late"))],
      ),
    ).result;
    expect(outcome.parameters).toEqual({ documents: 2, cues: 2 });
    expect(sentOf(outcome).map(textsOf)).toEqual([["TWO"], ["FOUR"]]);
    expect(await cuesOf()).toEqual(["00:00:01.000 --> 00:00:02.000\nTWO", "00:00:05.000 --> 00:00:06.000\nFOUR"]);
  });
});

describe("the cues of the WebVTT file", () => {
  const run = async (...documents: readonly (readonly [second: number, xml: string])[]) => {
    const { status, message } = await start(transportStream(...documents)).result;
    expect({ status, message }).toEqual({ status: "completed", message: "" });
    return cuesOf();
  };

  it("end when the next document replaces theirs, even if that has no content", async () => {
    const cues = await run(
      [1, documentOf(1, shown(`begin="10s"`, "open"))],
      [5, documentOf(2, shown(`begin="12s" end="20s"`, "cut"))],
      [9, documentOf(3, `<tt:body begin="15s"/>`)],
      [13, documentOf(4, shown(`begin="16s" end="17s"`, "whole"))],
    );
    expect(cues).toEqual([
      "00:00:10.000 --> 00:00:12.000\nOPEN",
      "00:00:12.000 --> 00:00:15.000\nCUT",
      "00:00:16.000 --> 00:00:17.000\nWHOLE",
    ]);
  });

  it("begin when their document arrives, if it has no begin", async () => {
    const cues = await run(
      [101, documentOf(1, shown(`begin="10s"`, "one"))],
      [103, documentOf(2, shown("", "two"))],
      [106, documentOf(3, shown(`dur="500ms"`, "three"))],
      [108, documentOf(4)],
    );
    expect(cues).toEqual([
      "00:00:10.000 --> 00:00:12.000\nONE",
      "00:00:12.000 --> 00:00:15.000\nTWO",
      "00:00:15.000 --> 00:00:15.500\nTHREE",
    ]);
  });

  it("are the paragraphs ordered by their begin, limited to the interval of their document", async () => {
    const times = [`begin="4s"`, `begin="1s" end="2s"`, `begin="1s" end="99s"`, `begin="8s"`, `end="3s"`];
    const all = times.map((time, i) => `<tt:p ${time}>${i}</tt:p>`).join("");
    const body = `<tt:body begin="10s" end="18s"><tt:div>${all}<tt:p>  </tt:p></tt:div></tt:body>`;
    expect(await run([1, documentOf(1, body)])).toEqual([
      "00:00:10.000 --> 00:00:13.000\n4",
      "00:00:11.000 --> 00:00:12.000\n1",
      "00:00:11.000 --> 00:00:18.000\n2",
      "00:00:14.000 --> 00:00:18.000\n0",
    ]);
  });

  it("end with the job if the last document has no end", async () => {
    const [cue] = await run([1, documentOf(1, shown(`begin="10s"`, "open"))]);
    expect(cue).toMatch(/^00:00:10\.000 --> 00:00:1\d\.\d{3}\nOPEN$/);
  });

  it("never begin before the end of those already written", async () => {
    const written = [
      [1, documentOf(1, shown(`begin="10s" end="12s"`, "one"))],
      [2, documentOf(5, shown(`begin="20s"`, "replaced"))],
    ] as const;
    const one = "00:00:10.000 --> 00:00:12.000\nONE";
    const [early, tooEarly] = [shown(`begin="11s" end="14s"`, "early"), shown(`begin="5s" end="6s"`, "too early")];
    expect(await run(...written, [3, documentOf(6, early)])).toEqual([one, "00:00:12.000 --> 00:00:14.000\nEARLY"]);
    expect(await run(...written, [3, documentOf(6, tooEarly)])).toEqual([one]);
  });
});

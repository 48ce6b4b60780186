import { Type } from "@mcai/worker-sdk";
import { type Cue, defineMediaWorker, ebuTtmlStream } from "@mcai/worker-sdk-media";
import type { EbuTtDocument } from "@mcai/worker-sdk-media/ebu-ttml";
import { SequenceCues } from "./sequence-cues.ts";

export default defineMediaWorker({
  parameters: Type.Object({
    language: Type.String({
      default: "en",
      description: "The language of the rewritten documents, a BCP 47 tag; can be updated",
    }),
    webvtt_path: Type.String({ description: "The path of the WebVTT file" }),
  }),
  results: Type.Object({
    documents: Type.Integer({ description: "The number of documents sent" }),
    cues: Type.Integer({ description: "The number of cues in the WebVTT file" }),
  }),
  initProcess(format, parameters, job) {
    let language = readLanguage(parameters.language);
    const out = job.output.ebuTtml();
    const vtt = job.output.webvtt(parameters.webvtt_path);
    const shown = new SequenceCues();
    const counts = { documents: 0, cues: 0 };
    const writeCues = async (cues: readonly Cue[]) => {
      for (const cue of cues) await vtt.write(cue);
      counts.cues += cues.length;
    };
    return {
      streams: [
        ebuTtmlStream(format.first("ebu-ttml"), { mode: "strict" }, async (sources) => {
          for (const source of sources) {
            const document = await rewrite(source, language);
            const rejected = shown.add(document);
            if (rejected) {
              job.log.warn(`document ${document.sequenceNumber} is left out: ${rejected.message}`);
              continue;
            }
            await out.write(document);
            counts.documents++;
            await writeCues(shown.takeReplaced());
          }
        }),
      ],
      updateProcess(changed) {
        if (changed.language !== undefined) language = readLanguage(changed.language);
      },
      async endingProcess() {
        await writeCues(shown.takeAll());
        return { parameters: counts };
      },
    };
  },
});

async function rewrite(document: EbuTtDocument, language: string): Promise<EbuTtDocument> {
  const rewritten = await document.mapText((text) => text.toLocaleUpperCase(language));
  // One sequence for all languages: documents of two sequences would be shown at the same time.
  return rewritten.with({ language, sequenceIdentifier: `${document.sequenceIdentifier}-upper` });
}

function readLanguage(tag: string): string {
  try {
    return new Intl.Locale(tag).toString();
  } catch {
    throw new Error(`language: expected a BCP 47 tag such as tr or pt-BR, got ${tag}`);
  }
}

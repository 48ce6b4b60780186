import { Type } from "@mcai/worker-sdk";
import { type Cue, defineMediaWorker, ebuTtmlStream } from "@mcai/worker-sdk-media";
import type { EbuTtDocument } from "@mcai/worker-sdk-media/ebu-ttml";
import { SequenceCues } from "./sequence-cues.ts";

export default defineMediaWorker({
  parameters: Type.Object({
    language: Type.String({
      default: "en",
      description: "What the documents that come are rewritten in, a tag of BCP 47; may be updated",
    }),
    webvtt_path: Type.String({ description: "Where the WebVTT file is written" }),
  }),
  results: Type.Object({
    documents: Type.Integer({ description: "How many were sent on" }),
    cues: Type.Integer({ description: "How many the WebVTT file has" }),
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
            const refused = shown.add(document);
            if (refused) {
              job.log.warn(`document ${document.sequenceNumber} is left out: ${refused.message}`);
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
  // The same sequence whatever the language: documents of two would be shown at the same time.
  return rewritten.with({ language, sequenceIdentifier: `${document.sequenceIdentifier}-upper` });
}

function readLanguage(tag: string): string {
  try {
    return new Intl.Locale(tag).toString();
  } catch {
    throw new Error(`language: expected a tag of BCP 47, such as tr or pt-BR, got ${tag}`);
  }
}

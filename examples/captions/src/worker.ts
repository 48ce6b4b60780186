import { Type } from "@mcai/worker-sdk";
import { defineMediaWorker, type FormatContext, type MediaStream, webvttStream } from "@mcai/worker-sdk-media";

export default defineMediaWorker({
  parameters: Type.Object({
    language: Type.Optional(
      Type.String({
        description:
          "The language of the subtitles, as the container names it, such as fre; if absent, the first subtitles are used",
      }),
    ),
  }),
  results: Type.Object({ cues: Type.Integer({ description: "The number of cues written" }) }),
  initProcess(format, { destination_path, language }, job) {
    const name = destination_path.replace(/\.[^./]*$/, "");
    const vtt = job.output.webvtt(`${name}.vtt`);
    const srt = job.output.subrip(`${name}.srt`);
    let count = 0;
    return {
      streams: [
        webvttStream(findSubtitles(format, language), {}, async (cues) => {
          for (const cue of cues) {
            await vtt.write(cue);
            await srt.write(cue);
            count++;
          }
        }),
      ],
      endingProcess: () => ({ parameters: { cues: count } }),
    };
  },
});

function findSubtitles(format: FormatContext, language: string | undefined): MediaStream {
  if (language === undefined) return format.first("subtitle");
  const streams = format.streams.filter(({ kind }) => kind === "subtitle");
  const found = streams.find((stream) => stream.language === language);
  if (found) return found;
  const languages = streams.map((stream) => stream.language ?? "unknown").join(", ");
  throw new Error(`There are no subtitles in the language ${language}; the source has: ${languages || "no subtitles"}`);
}

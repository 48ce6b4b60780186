import { Type } from "@mcai/worker-sdk";
import { defineMediaWorker, type FormatContext, type MediaStream, webvttStream } from "@mcai/worker-sdk-media";

export default defineMediaWorker({
  parameters: Type.Object({
    language: Type.Optional(
      Type.String({
        description: "Of the subtitles, as the container writes it, such as fre; the first ones if absent",
      }),
    ),
  }),
  results: Type.Object({ cues: Type.Integer({ description: "How many were written" }) }),
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
  const there = streams.map((stream) => stream.language ?? "one without").join(", ");
  throw new Error(`There are no subtitles of the language ${language}; there are: ${there || "none"}`);
}

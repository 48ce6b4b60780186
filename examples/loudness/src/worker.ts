import { Type } from "@mcai/worker-sdk";
import { audioStream, defineMediaWorker } from "@mcai/worker-sdk-media";
import { LoudnessMeter, meterFilters, type Programme } from "./loudness-meter.ts";

const level = (description: string) => Type.Optional(Type.Number({ description }));

export default defineMediaWorker({
  parameters: Type.Object({
    dual_mono: Type.Boolean({
      default: false,
      description: "Measure a single channel as it is heard on two loudspeakers: 3 LU louder",
    }),
  }),
  // Values that silence does not have are left out.
  results: Type.Object({
    integrated_lufs: level("Integrated loudness of the programme"),
    loudness_range_lu: level("Range between the soft and the loud parts"),
    true_peak_dbtp: level("True peak of the loudest channel"),
    maximum_momentary_lufs: level("Loudness of the loudest 400 ms"),
    maximum_short_term_lufs: level("Loudness of the loudest 3 s"),
  }),
  initProcess(format, { dual_mono }, job) {
    const meter = new LoudnessMeter();
    const json = job.output.json();
    return {
      streams: [
        audioStream(format.first("audio"), { filters: meterFilters(dual_mono) }, async (frames) => {
          for (const frame of frames) {
            const reading = meter.read(frame);
            if (reading) await json.write(reading);
          }
        }),
      ],
      async endingProcess(why) {
        if (why === "failed") return;
        const { programme } = meter;
        await json.write({ programme });
        return { parameters: toResults(programme) };
      },
    };
  },
});

function toResults(programme: Programme): Record<string, number> {
  const values = {
    integrated_lufs: programme.integratedLufs,
    loudness_range_lu: programme.loudnessRangeLu,
    true_peak_dbtp: programme.truePeakDbtp,
    maximum_momentary_lufs: programme.maximumMomentaryLufs,
    maximum_short_term_lufs: programme.maximumShortTermLufs,
  };
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== null));
}

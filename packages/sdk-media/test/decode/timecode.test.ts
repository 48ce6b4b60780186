import { describe, expect, it } from "vitest";
import { readTimecode } from "../../src/decode/timecode.ts";
import { videoStream } from "../../src/index.ts";
import { ffmpegBytes, makeMedia, runStreams } from "../support/media.ts";

const x264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -bf 2";
const video = (rate: string, frames: number) => `-f lavfi -i testsrc2=size=32x24:rate=${rate} -frames:v ${frames}`;

async function timecodesOf(path: string, parameters: object = {}): Promise<(string | undefined)[]> {
  const found: (string | undefined)[] = [];
  const take = ([frame]: { timecode: string | undefined }[]) => void found.push(frame?.timecode);
  const outcome = await runStreams(path, (format) => [videoStream(format.first("video"), {}, take)], { parameters });
  expect(outcome).toMatchObject({ status: "completed", message: "" });
  return found;
}

describe("timecodes", () => {
  // SMPTE ST 12-1: drop frame skips the numbers 00 and 01 in each minute except every tenth; at 59.94 it skips four.
  it.each<[name: string, rate: string, start: string, frames: number, expected: Record<number, string>]>([
    ["25.mov", "25", "10:00:00:00", 60, { 0: "10:00:00:00", 24: "10:00:00:24", 25: "10:00:01:00" }],
    ["24.mov", "24000/1001", "00:59:59:20", 10, { 0: "00:59:59:20", 3: "00:59:59:23", 4: "01:00:00:00" }],
    ["30.mov", "30000/1001", "01:00:59:28", 10, { 0: "01:00:59:28", 1: "01:00:59:29", 2: "01:01:00:00" }],
    ["30df.mov", "30000/1001", "01:00:59;28", 10, { 0: "01:00:59;28", 1: "01:00:59;29", 2: "01:01:00;02" }],
    ["30df10.mov", "30000/1001", "01:09:59;28", 10, { 0: "01:09:59;28", 1: "01:09:59;29", 2: "01:10:00;00" }],
    ["30df.mp4", "30000/1001", "00:00:59;29", 10, { 0: "00:00:59;29", 1: "00:01:00;02", 9: "00:01:00;10" }],
    ["60df.mov", "60000/1001", "01:00:59;58", 10, { 0: "01:00:59;58", 1: "01:00:59;59", 2: "01:01:00;04" }],
    ["50.mov", "50", "00:00:00:48", 10, { 0: "00:00:00:48", 2: "00:00:01:00" }],
    ["day.mov", "25", "23:59:59:24", 10, { 0: "23:59:59:24", 1: "00:00:00:00" }],
    ["25.mxf", "25", "09:58:00:12", 30, { 0: "09:58:00:12", 13: "09:58:01:00" }],
  ])("count the frames of %s at %s from %s", async (name, rate, start, frames, expected) => {
    const codec = name.endsWith("mxf") ? "-c:v mpeg2video" : x264;
    const path = await makeMedia(name, `${video(rate, frames)} -timecode ${start} ${codec}`);
    const found = await timecodesOf(path);
    expect(found).toHaveLength(frames);
    for (const [i, text] of Object.entries(expected)) expect(found[Number(i)]).toBe(text);
    expect(new Set(found).size).toBe(frames);
  });

  it.each([
    ["30000/1001", 30, 2],
    ["60000/1001", 60, 4],
  ])("skip numbers at %s as the standard defines, over a day and an hour", (rate, nominal, dropped) => {
    const [num = 0, den = 1] = rate.split("/").map(Number);
    const stream = { averageFrameRate: { num, den }, metadata: { timecode: "00:00:00;00" } };
    const timecodeAt = readTimecode({ metadata: {}, streams: [] } as never, stream as never);
    // Counts by the definition: every minute except each tenth begins with the number `dropped`.
    const clock = { hours: 0, minutes: 0, seconds: 0, frames: 0 };
    const two = (value: number) => String(value).padStart(2, "0");
    const framesADay = (nominal * 60 * 1440 - dropped * (1440 - 144)) as number;
    for (let i = 0; i < framesADay + nominal * 3600; i++) {
      const { hours, minutes, seconds, frames } = clock;
      // Checks all frames of two hours, and samples of the rest.
      if (i < nominal * 7200 || i % 997 === 0 || i > framesADay - 10)
        if (timecodeAt((i * den * 1000) / num) !== `${two(hours)}:${two(minutes)}:${two(seconds)};${two(frames)}`)
          throw new Error(`frame ${i}: ${timecodeAt((i * den * 1000) / num)}, not ${JSON.stringify(clock)}`);
      clock.frames++;
      if (clock.frames < nominal) continue;
      clock.frames = 0;
      clock.seconds = (seconds + 1) % 60;
      if (clock.seconds > 0) continue;
      clock.minutes = (minutes + 1) % 60;
      if (clock.minutes % 10 > 0) clock.frames = dropped;
      if (clock.minutes === 0) clock.hours = (hours + 1) % 24;
    }
  });

  it("have the frame numbers of FFmpeg's tmcd track", async () => {
    const numberOf = async (timecode: string) => {
      const path = await makeMedia("number.mov", `${video("30000/1001", 1)} -timecode ${timecode} ${x264}`);
      return (await ffmpegBytes("-i", path, "-map", "0:d", "-c", "copy", "-f", "data")).readUInt32BE();
    };
    const path = await makeMedia("numbers.mov", `${video("30000/1001", 40)} -timecode 00:58:59;20 ${x264}`);
    const found = await timecodesOf(path);
    const first = await numberOf(found[0] as string);
    for (const at of [9, 10, 39]) expect(await numberOf(found[at] as string)).toBe(first + at);
  });

  it("are those of the whole source if a part is decoded", async () => {
    const path = await makeMedia("part.mov", `${video("25", 100)} -timecode 10:00:00:00 ${x264} -g 12`);
    const found = await timecodesOf(path, { sdk_start_index: 2000, sdk_stop_index: 2080 });
    expect(found).toEqual(["10:00:02:00", "10:00:02:01"]);
  });

  it("begin with the first frame if the audio begins earlier", async () => {
    const audio = "-f lavfi -i sine=440:r=48000:d=2";
    const options = `${audio} -itsoffset 0.03 ${video("25", 25)} -metadata timecode=10:00:00:00 ${x264} -c:a pcm_s16le`;
    const path = await makeMedia("late-video.mkv", options);
    expect((await timecodesOf(path)).slice(0, 2)).toEqual(["10:00:00:00", "10:00:00:01"]);
  });

  it("are undefined if the source has no timecode", async () => {
    const path = await makeMedia("without.mp4", `${video("25", 5)} ${x264}`);
    expect(await timecodesOf(path)).toEqual(Array(5).fill(undefined));
  });

  it("are undefined if the timecode of the source is invalid", async () => {
    const path = await makeMedia("nonsense.mkv", `${video("25", 5)} -metadata timecode=soon ${x264}`);
    expect(await timecodesOf(path)).toEqual(Array(5).fill(undefined));
  });
});

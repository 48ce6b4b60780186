import { describe, expect, it } from "vitest";
import {
  audioStream,
  dataStream,
  type FormatContext,
  pcmStream,
  type StreamDescriptor,
  videoStream,
} from "../../src/index.ts";
import { media, runStreams } from "../support/media.ts";

const ignore = () => undefined;
const firstVideo = (format: FormatContext) => [videoStream(format.first("video"), {}, ignore)];

describe("invalid streams", () => {
  it.each<[what: string, streams: (format: FormatContext) => unknown, message: RegExp]>([
    ["a missing kind", (f) => [dataStream(f.first("data"), {}, ignore)], /no data stream; its streams are: #0 video/],
    [
      "audio as video",
      (f) => [videoStream(f.first("audio"), {}, ignore)],
      /expected a video stream; stream 1 is audio/,
    ],
    [
      "video as audio",
      (f) => [audioStream(f.first("video"), {}, ignore)],
      /expected an audio stream; stream 0 is video/,
    ],
    [
      "video as windows",
      (f) => [pcmStream(f.first("video"), { sampleRate: 16_000, windowMs: 10 }, ignore)],
      /pcmStream: expected an audio stream; stream 0 is video/,
    ],
    [
      "a window not longer than its overlap",
      (f) => [pcmStream(f.first("audio"), { sampleRate: 16_000, windowMs: 10, overlapMs: 10 }, ignore)],
      /window longer than its overlap/,
    ],
    ["video as data", (f) => [dataStream(f.first("video"), {}, ignore)], /dataStream: expected a data or subtitle/],
    ["the same stream twice", (f) => [...firstVideo(f), ...firstVideo(f)], /stream 0 is requested twice/],
    ["no stream", () => [], /expected at least one stream/],
    ["no list of streams", () => undefined, /expected at least one stream/],
    ["an object that is not a stream", () => [{}], /each element of streams must be created by/],
  ])("fail the job: %s", async (_, streams, message) => {
    const outcome = await runStreams(await media("long12.mp4"), (f) => streams(f) as StreamDescriptor[]);
    expect(outcome.status).toBe("error");
    expect(outcome.message).toMatch(message);
  });
});

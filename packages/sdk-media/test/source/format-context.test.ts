import { expect, it } from "vitest";
import { audioStream, type FormatContext, videoStream } from "../../src/index.ts";
import { cli, makeMedia, media, runStreams } from "../support/media.ts";

const probed = ["long12.mp4", "late.ts", "long12.mkv", "opus.ogg", "pcm.wav", "gif.gif", "prores.mov"] as const;
it.each(probed)("describes %s as ffprobe does", async (name) => {
  const made = await media(name);
  const extension = name.slice(name.lastIndexOf("."));
  const tags = "-metadata title=A -metadata:s:0 language=fra";
  const path = await makeMedia(`tagged-${name}`, `-copyts -i ${made} -c copy ${tags} -f ${muxers[extension]}`);
  const probe = await cli("ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", path);
  const { format, streams } = JSON.parse(probe.stdout) as { format: Probed; streams: Probed[] };
  let seen: FormatContext | undefined;
  await runStreams(path, (f) => {
    seen = f;
    const [first] = f.streams;
    const ignore = () => undefined;
    return first?.kind === "video" ? [videoStream(first, {}, ignore)] : [audioStream(f.first("audio"), {}, ignore)];
  });
  const ms = (seconds: string | undefined) =>
    seconds === undefined ? undefined : expect.closeTo(1000 * Number(seconds), 2);
  const number = (text: string | number | undefined) => (text === undefined ? undefined : Number(text));
  const rational = (text = "") => {
    const [num, den] = text.split("/").map(Number);
    return num && den ? { num, den } : undefined;
  };
  expect(seen).toMatchObject({
    formatName: format.format_name,
    formatLongName: format.format_long_name,
    durationMs: ms(format.duration),
    startTimeMs: ms(format.start_time),
    programCount: format.nb_programs,
    streamCount: format.nb_streams,
    metadata: tagsOf(format.tags),
  });
  if (format.bit_rate) expect(seen?.bitRateBitsPerSecond).toBe(Number(format.bit_rate));
  for (const [i, stream] of streams.entries()) {
    const common = {
      index: stream.index,
      kind: stream.codec_type,
      codec: stream.codec_name,
      timeBase: rational(stream.time_base),
      durationMs: ms(stream.duration),
      startTimeMs: ms(stream.start_time),
      frameCount: number(stream.nb_frames),
      language: stream.tags?.language,
      metadata: tagsOf(stream.tags),
    };
    const own =
      stream.codec_type === "video"
        ? {
            averageFrameRate: rational(stream.avg_frame_rate),
            realFrameRate: rational(stream.r_frame_rate),
            width: stream.width,
            height: stream.height,
            pixelFormat: stream.pix_fmt,
          }
        : {
            channels: stream.channels,
            channelLayout: stream.channel_layout ?? expect.any(String),
            sampleRate: number(stream.sample_rate),
            sampleFormat: stream.sample_fmt,
          };
    expect({ ...seen?.streams[i], metadata: tagsOf(seen?.streams[i]?.metadata) }, name).toEqual({ ...common, ...own });
  }
});

type Probed = Readonly<Record<string, string>> & { readonly tags?: Readonly<Record<string, string>> };
// FFmpeg 5 and 8 differ in the QuickTime vendor that they make of none.
const tagsOf = (tags: Readonly<Record<string, string>> = {}) =>
  Object.fromEntries(Object.entries(tags).filter(([key]) => key !== "vendor_id"));
const muxers: Record<string, string> = {
  ".mp4": "mp4",
  ".ts": "mpegts",
  ".mkv": "matroska",
  ".ogg": "ogg",
  ".wav": "wav",
  ".gif": "gif",
  ".mov": "mov",
};

// For authors of workers.
export {
  defineMediaWorker,
  type MediaParameters,
  type MediaProperties,
  type MediaWorkerOptions,
  type RunningMedia,
} from "./media-worker.ts";
export type { LiveOptions } from "./live-options.ts";
export type { MediaJob } from "./media-job.ts";
export type { FormatContext, MediaStream, StreamKind } from "./source/format-context.ts";
export { videoStream, type VideoStreamOptions } from "./streams/video-stream.ts";
export { audioStream, type AudioStreamOptions } from "./streams/audio-stream.ts";
export { pcmStream, type PcmStreamOptions } from "./streams/pcm-stream.ts";
export { type DataPacket, dataStream } from "./streams/data-stream.ts";
export { ebuTtmlStream, type EbuTtmlStreamOptions } from "./streams/ebu-ttml-stream.ts";
export { subripStream, webvttStream } from "./streams/cue-streams.ts";
export { jsonStream } from "./streams/json-stream.ts";
export type { PacketStreamOptions } from "./streams/packet-stream-options.ts";
export { type AudioFilters, cropTo, type Filter, type VideoFilters } from "./streams/filters.ts";
export type { RegionOfInterest } from "./streams/region-of-interest.ts";
export type { HandlerResult, StreamDescriptor } from "./streams/stream-descriptor.ts";

// For porting a worker from the Python SDK.
export {
  AudioStreamDescriptor,
  DataStreamDescriptor,
  MediaWorker,
  type PortedFrame,
  VideoStreamDescriptor,
} from "./ported-media-worker.ts";

// Values that handlers receive.
export { Frame } from "./decode/frame.ts";
export { type TensorOptions, VideoFrame } from "./decode/video-frame.ts";
export { AudioFrame, type Samples } from "./decode/audio-frame.ts";
export type { PcmFormat, PcmWindow } from "./decode/pcm-windows.ts";
export type { Cue, StreamCue } from "./text/cues/cue.ts";
export type { JsonDocument } from "./text/json/json-framer.ts";
export type { Rational } from "./rational.ts";

// Outputs and errors.
export { EbuTtmlOutput } from "./output/ebu-ttml-output.ts";
export { JsonOutput } from "./output/json-output.ts";
export { Output } from "./output/output.ts";
export { SrtSink } from "./output/srt-sink.ts";
export { Outputs } from "./output/outputs.ts";
export { SubripOutput } from "./output/subrip-output.ts";
export { WebvttOutput } from "./output/webvtt-output.ts";
export { XmlOutput } from "./output/xml-output.ts";
export { MediaError, type MediaErrorCode } from "./errors.ts";

// One run in a process of its own: decodes a file by the SDK ("ours") or by node-av alone ("bare"), and prints its costs.
// Usage: node child.mjs ours|bare nothing|planes|scaled|sound file; bench/media.mjs copies it to where its packages are.
import { readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Type } from "@mcai/worker-sdk";
import { runJob } from "@mcai/worker-sdk/testing";
import { audioStream, defineMediaWorker, videoStream } from "@mcai/worker-sdk-media";
import * as av from "node-av/lib";

const [who, what, file = ""] = process.argv.slice(2);
const isVideo = what !== "sound";
const threads = 2;
const [EAGAIN, EOF] = [-11, -541478725];
let frames = 0;
let bytes = 0;

// The file is in the page cache in every column, and the first turn of the event loop is over.
readFileSync(file);
await new Promise((resolve) => setTimeout(resolve, 20));
const delay = monitorEventLoopDelay({ resolution: 1 });
const startCpu = process.cpuUsage();
const startWall = performance.now();
delay.enable();
await (who === "ours" ? ours() : bare());
delay.disable();
const cpu = process.cpuUsage(startCpu);
/** @param {number} us */
const ms = (us) => us / 1000;
console.log(
  JSON.stringify({
    frames,
    bytes,
    wallMs: performance.now() - startWall,
    cpuMs: ms(cpu.user + cpu.system),
    startWallMs: startWall,
    startCpuMs: ms(startCpu.user + startCpu.system),
    delayP99Ms: delay.percentile(99) / 1e6,
    delayMaxMs: delay.max / 1e6,
  }),
);

/** @param {readonly Uint8Array[]} planes */
function touch(planes) {
  for (const plane of planes) bytes += plane.length + (plane[plane.length >> 1] & 1);
}

async function ours() {
  const size = what === "scaled" ? { width: 960, height: 540 } : {};
  /** @param {readonly import("@mcai/worker-sdk-media").VideoFrame[] | readonly import("@mcai/worker-sdk-media").AudioFrame[]} batch */
  const take = (batch) => {
    frames += batch.length;
    if (what === "planes") for (const frame of batch) touch(frame.planes);
  };
  const worker = defineMediaWorker({
    parameters: Type.Object({}),
    initProcess: (format) => ({
      streams: [
        isVideo ? videoStream(format.first("video"), size, take) : audioStream(format.first("audio"), {}, take),
      ],
    }),
  });
  const parameters = { source_path: file, destination_path: `${file}.${process.pid}.json` };
  const outcome = await runJob(worker, parameters, { environment: { MCAI_THREADS: String(threads) } });
  if (outcome.status !== "completed") throw new Error(`The job ended as ${outcome.status}: ${outcome.message}`);
}

// The hybrid way: sendPacket leaves the thread for pictures, all else is synchronous; one packet and one frame for all.
async function bare() {
  const input = new av.FormatContext();
  input.allocContext();
  check(await input.openInput(file, null, null));
  check(await input.findStreamInfo());
  const [stream] = input.streams;
  const codec = av.Codec.findDecoder(stream.codecpar.codecId);
  const decoder = new av.CodecContext();
  decoder.allocContext3(codec);
  check(decoder.parametersToContext(stream.codecpar));
  decoder.pktTimebase = stream.timeBase;
  decoder.threadCount = threads;
  check(decoder.open2Sync(codec));
  const packet = new av.Packet();
  packet.alloc();
  const frame = new av.Frame();
  frame.alloc();
  const scaled = new av.Frame();
  scaled.alloc();
  /** @type {ReturnType<typeof scaler> | undefined} */
  let filters;
  const drain = () => {
    let code = decoder.receiveFrameSync(frame);
    for (; code >= 0; code = decoder.receiveFrameSync(frame)) {
      if (what === "scaled") {
        filters ??= scaler(frame, stream);
        check(filters.source.buffersrcAddFrameSync(frame));
        while (filters.sink.buffersinkGetFrameSync(scaled) >= 0) {
          frames++;
          scaled.unref();
        }
      } else {
        frames++;
        if (what === "planes") touch(frame.data ?? []);
      }
    }
    if (code !== EAGAIN && code !== EOF) check(code);
  };
  let sliceStart = performance.now();
  while (input.readFrameSync(packet) >= 0) {
    check(isVideo ? await decoder.sendPacket(packet) : decoder.sendPacketSync(packet));
    packet.unref();
    drain();
    if (isVideo || performance.now() - sliceStart < 15) continue;
    await new Promise((resolve) => setImmediate(resolve));
    sliceStart = performance.now();
  }
  decoder.sendPacketSync(null);
  drain();
  for (const one of [packet, frame, scaled, filters?.graph]) one?.free();
  decoder.freeContext();
  await input.closeInput();
}

/**
 * @param {av.Frame} frame
 * @param {av.Stream} stream
 */
function scaler(frame, { timeBase }) {
  const graph = new av.FilterGraph();
  graph.alloc();
  graph.nbThreads = threads;
  const size = `video_size=${frame.width}x${frame.height}:pix_fmt=${frame.format}`;
  const shape = `${size}:time_base=${timeBase.num}/${timeBase.den}:colorspace=${frame.colorSpace}:range=${frame.colorRange}`;
  const source = made(graph.createFilter(made(av.Filter.getByName("buffer")), "in", shape));
  const sink = made(graph.createFilter(made(av.Filter.getByName("buffersink")), "out", null));
  const outputs = av.FilterInOut.createList([{ name: "in", filterCtx: source, padIdx: 0 }]);
  const inputs = av.FilterInOut.createList([{ name: "out", filterCtx: sink, padIdx: 0 }]);
  check(graph.parse("[in]scale=960:540[out]", inputs, outputs));
  check(graph.configSync());
  return { graph, source, sink };
}

/**
 * @template Made
 * @param {Made | null} value
 * @returns {Made}
 */
function made(value) {
  if (value === null) throw new Error("FFmpeg does not have this filter");
  return value;
}

/** @param {number} code */
function check(code) {
  if (code < 0) throw new av.FFmpegError(code);
}

// The other end of SRT, by node-av alone.
import { AVMEDIA_TYPE_DATA } from "node-av/constants";
import * as av from "node-av/lib";

/** @param {number} code */
const check = (code) => {
  if (code < 0) throw new av.FFmpegError(code);
};

/**
 * Calls a listener. Returns a function that sends bytes as one message.
 * @param {number} port
 * @param {number} latencyMs
 */
export async function call(port, latencyMs) {
  const native = new av.FormatContext();
  const url = `srt://127.0.0.1:${port}?latency=${latencyMs * 1000}&connect_timeout=20000&timeout=20000000`;
  native.allocOutputContext2(null, "tee", `[f=data]${url}`);
  const stream = native.newStream(null);
  stream.codecpar.codecType = AVMEDIA_TYPE_DATA;
  stream.timeBase = new av.Rational(1, 1000);
  check(await native.writeHeader(null));
  let count = 0n;
  return async (/** @type {Buffer} */ bytes) => {
    const packet = new av.Packet();
    packet.alloc();
    packet.data = bytes;
    packet.pts = count;
    packet.dts = count++;
    check(await native.writeFrame(packet));
    packet.free();
  };
}

/**
 * Listens, and hands each message to `take` until the peer disconnects. Resolves when a peer has connected, with a function
 * that stops listening.
 * @param {number} port
 * @param {number} latencyMs
 * @param {(text: string) => void} take
 */
export async function listen(port, latencyMs, take) {
  const native = new av.FormatContext();
  native.allocContext();
  const url = `srt://127.0.0.1:${port}?mode=listener&latency=${latencyMs * 1000}`;
  const options = av.Dictionary.fromObject({ raw_packet_size: "65536" });
  check(await native.openInput(url, av.InputFormat.findInputFormat("data"), options));
  const packet = new av.Packet();
  packet.alloc();
  const read = async () => {
    while ((await native.readFrame(packet)) >= 0) {
      take(packet.data?.toString("latin1") ?? "");
      packet.unref();
    }
  };
  const reading = read();
  // A process cannot end while a native call is under way.
  return async () => {
    native.interrupt();
    await reading;
    await native.closeInput();
  };
}

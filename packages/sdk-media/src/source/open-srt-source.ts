import type { FormatContext } from "node-av/lib";
import { type MediaError, mediaError } from "../errors.ts";
import { AVMEDIA_TYPE_AUDIO, AVMEDIA_TYPE_VIDEO, ffmpeg } from "../ffmpeg.ts";
import { readSrtAddress, type SrtAddress } from "../srt/srt-address.ts";
import type { SrtOptions } from "../srt/srt-options.ts";
import { readSrtSettings, type SrtSettings } from "../srt/srt-settings.ts";
import { TimeLimit } from "../srt/time-limit.ts";
import { ByteReader } from "./byte-reader.ts";
import type { Opened } from "./open-memory-source.ts";
import { SrtReceiver } from "./srt-receiver.ts";

/** The first byte of every MPEG-TS packet. */
const syncByte = 0x47;

/** Options of {@link openSrtSource}: the peer's address, the SRT settings, and the job's options. */
export type SrtSourceOptions = SrtOptions & { readonly settings: SrtSettings; readonly address: SrtAddress };

/**
 * Reads the address and the settings of an SRT source. Allocates nothing, so nothing needs to be released if it throws.
 *
 * @throws {@link MediaError} `SOURCE_INVALID` if the address is invalid.
 * @throws {@link McaiError} `ENVIRONMENT_INVALID` if an SRT variable is invalid.
 */
export function readSrtSource(url: string, srt: SrtOptions): SrtSourceOptions {
  const settings = readSrtSettings();
  return { ...srt, settings, address: readSrtAddress(url, settings, "SOURCE_INVALID") };
}

/**
 * Waits for a peer and its first bytes, and detects from them whether it sends MPEG-TS or data without a container.
 * Rejects with the signal's reason if it aborts.
 *
 * @throws {@link MediaError} `SOURCE_FAILED` if no peer connects, or no stream is found, within `SRT_TIMEOUT_LIMIT`.
 */
export async function openSrtSource(
  native: FormatContext,
  options: SrtSourceOptions,
  signal: AbortSignal,
): Promise<Opened> {
  const { address, settings, log } = options;
  let missing = "no peer connected";
  const stopped = new AbortController();
  const limit = new TimeLimit(AbortSignal.any([signal, stopped.signal]), settings.timeoutMs, () =>
    timeoutError(options, missing),
  );
  const receiver = new SrtReceiver({ address, code: "SOURCE_FAILED", log });
  limit.signal.addEventListener("abort", () => receiver.interrupt(), { once: true });
  let close = () => receiver.close();
  try {
    log?.info(`${address.shown}: ${address.listens ? "listening for" : "calling"} the peer`);
    await receiver.connect(limit.signal);
    missing = "the peer sent nothing that can be read";
    const first = await receiver.read();
    limit.signal.throwIfAborted();
    if (!first) throw mediaError("SOURCE_FAILED", `${address.shown}: the peer disconnected before it sent any data`);
    const isContainer = first[0] === syncByte;
    log?.info(`${address.shown}: connected; ${isContainer ? "MPEG-TS" : "no container: one data stream"}`);
    const reader = new ByteReader(readMessages(first, receiver, limit.signal, options), limit.signal);
    const io = new (ffmpeg().IOContext)();
    io.allocContextWithCallbacks(64 * 1024, 0, reader.read);
    native.pb = io;
    close = async () => {
      reader.close();
      await receiver.close();
      io.freeContext();
    };
    const code = await probe(native, isContainer);
    limit.signal.throwIfAborted();
    const connectionCount = () => receiver.connectionCount;
    return { code, reader, close, stop: () => stopped.abort(), isProbed: true, connectionCount };
  } catch (error) {
    await native.closeInput();
    await close();
    throw error;
  } finally {
    limit.clear();
  }
}

async function probe(native: FormatContext, isContainer: boolean): Promise<number> {
  const { Dictionary, InputFormat } = ffmpeg();
  const format = InputFormat.findInputFormat(isContainer ? "mpegts" : "data");
  // Without this limit, FFmpeg buffers hundreds of documents to guess the type of an unknown stream.
  const options = isContainer ? { max_probe_packets: "1" } : { raw_packet_size: String(64 * 1024) };
  const opened = await native.openInput("", format, Dictionary.fromObject(options));
  if (opened < 0) return opened;
  // Data streams need no probing, and documents are so rare that FFmpeg would probe for minutes.
  const coded = [AVMEDIA_TYPE_VIDEO, AVMEDIA_TYPE_AUDIO];
  const isCoded = native.streams.some(({ codecpar }) => coded.includes(codecpar.codecType));
  return isCoded ? native.findStreamInfo() : opened;
}

// With `reconnect`, continues with the next connection when a peer disconnects.
async function* readMessages(
  first: Uint8Array,
  receiver: SrtReceiver,
  signal: AbortSignal,
  options: SrtSourceOptions,
): AsyncGenerator<Uint8Array> {
  yield first;
  do for (let message = await receiver.read(); message; message = await receiver.read()) yield message;
  while (!signal.aborted && (await hasReconnected(receiver, signal, options)));
}

async function hasReconnected(receiver: SrtReceiver, signal: AbortSignal, options: SrtSourceOptions): Promise<boolean> {
  const { address, settings, reconnect, log } = options;
  if (!reconnect) {
    log?.info(`${address.shown}: peer disconnected; the source ends`);
    return false;
  }
  log?.warn(`${address.shown}: peer disconnected; waiting for it to reconnect`);
  const late = timeoutError(options, "the peer did not reconnect");
  const limit = new TimeLimit(signal, settings.timeoutMs, () => late);
  try {
    await receiver.disconnect();
    await receiver.connect(limit.signal);
    log?.info(`${address.shown}: peer reconnected`);
    return true;
  } catch (error) {
    if (error !== late) throw error;
    log?.warn(`${late.message}; the source ends`);
    return false;
  } finally {
    limit.clear();
  }
}

function timeoutError({ address, settings }: SrtSourceOptions, what: string): MediaError {
  return mediaError("SOURCE_FAILED", `${address.shown}: ${what} within ${settings.timeoutMs} ms (SRT_TIMEOUT_LIMIT)`);
}

import type { FormatContext } from "node-av/lib";
import { MediaError } from "../errors.ts";
import { AVMEDIA_TYPE_AUDIO, AVMEDIA_TYPE_VIDEO, ffmpeg } from "../ffmpeg.ts";
import type { SrtOptions } from "../live-options.ts";
import { readSrtAddress, type SrtAddress } from "../srt/srt-address.ts";
import { readSrtSettings, type SrtSettings } from "../srt/srt-settings.ts";
import { TimeLimit } from "../srt/time-limit.ts";
import { ByteReader } from "./byte-reader.ts";
import type { Opened } from "./open-memory-source.ts";
import { SrtReceiver } from "./srt-receiver.ts";

/** With what each packet of MPEG-TS begins. */
const syncByte = 0x47;

/** Where the peer of a source is, and how it is waited for. */
export type SrtSourceOptions = SrtOptions & { readonly settings: SrtSettings; readonly address: SrtAddress };

/**
 * Reads the address of an SRT source, before anything is made that would have to be let go of.
 *
 * @throws {MediaError} `SOURCE_INVALID`
 * @throws {McaiError} `ENVIRONMENT_INVALID`
 */
export function readSrtSource(url: string, srt: SrtOptions): SrtSourceOptions {
  const settings = readSrtSettings();
  return { ...srt, settings, address: readSrtAddress(url, settings, "SOURCE_INVALID") };
}

/**
 * Waits for a peer and its first bytes, which say what they are: MPEG-TS, or data without a container.
 *
 * @throws The signal's reason.
 * @throws {MediaError} `SOURCE_FAILED` if no peer, or no stream, came in time.
 */
export async function openSrtSource(
  native: FormatContext,
  options: SrtSourceOptions,
  signal: AbortSignal,
): Promise<Opened> {
  const { address, settings, log } = options;
  let missing = "no peer was there";
  const stopped = new AbortController();
  const limit = new TimeLimit(AbortSignal.any([signal, stopped.signal]), settings.timeoutMs, () =>
    tooLate(options, missing),
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
    if (!first) throw new MediaError("SOURCE_FAILED", `${address.shown}: the peer went away before it sent anything`);
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
  // FFmpeg guesses what a stream without a known type holds, and would keep hundreds of documents back for it.
  const options = isContainer ? { max_probe_packets: "1" } : { raw_packet_size: String(64 * 1024) };
  const opened = await native.openInput("", format, Dictionary.fromObject(options));
  if (opened < 0) return opened;
  // Data needs no look inside, and documents come so rarely that FFmpeg would look for minutes.
  const coded = [AVMEDIA_TYPE_VIDEO, AVMEDIA_TYPE_AUDIO];
  const isCoded = native.streams.some(({ codecpar }) => coded.includes(codecpar.codecType));
  return isCoded ? native.findStreamInfo() : opened;
}

// One connection after the other, if that is asked for.
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
    log?.info(`${address.shown}: the peer is gone, and the media ends`);
    return false;
  }
  log?.warn(`${address.shown}: the peer is gone, and is waited for`);
  const late = tooLate(options, "the peer did not come back");
  const limit = new TimeLimit(signal, settings.timeoutMs, () => late);
  try {
    await receiver.disconnect();
    await receiver.connect(limit.signal);
    log?.info(`${address.shown}: the peer is there again`);
    return true;
  } catch (error) {
    if (error !== late) throw error;
    log?.warn(`${late.message}: the media ends`);
    return false;
  } finally {
    limit.clear();
  }
}

function tooLate({ address, settings }: SrtSourceOptions, what: string): MediaError {
  return new MediaError(
    "SOURCE_FAILED",
    `${address.shown}: ${what} within ${settings.timeoutMs} ms (SRT_TIMEOUT_LIMIT)`,
  );
}

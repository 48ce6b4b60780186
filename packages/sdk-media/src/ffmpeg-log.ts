import { AV_LOG_ERROR, AV_LOG_QUIET, ffmpeg } from "./ffmpeg.ts";

const AVERROR_EINVAL = -22;

/** The return code of a call, and the errors that FFmpeg logged meanwhile, which are more specific than the code. */
export interface LoggedCall {
  readonly code: number;
  readonly lines: readonly string[];
}

/** The maximum number of lines per call: FFmpeg's log is shared by all calls, and a call can take long. */
const maxLines = 20;
const collectors = new Set<string[]>();

/** Makes a call that returns FFmpeg's code, and collects the log lines. */
export async function collectLog(call: () => number | Promise<number>): Promise<LoggedCall> {
  const { Log } = ffmpeg();
  const lines: string[] = [];
  const collect = (_: number, message: string) => {
    for (const collector of collectors) if (collector.length < maxLines) collector.push(message.trim());
  };
  if (collectors.size === 0) Log.setCallback(collect, { maxLevel: AV_LOG_ERROR });
  collectors.add(lines);
  try {
    const calling = safely(call, lines);
    const code = typeof calling === "number" ? calling : await calling;
    // Lines arrive through the event loop.
    if (code < 0) await new Promise((resolve) => setTimeout(resolve, 10));
    return { code, lines: lines.filter((line) => line !== "") };
  } finally {
    collectors.delete(lines);
    if (collectors.size === 0) {
      Log.resetCallback();
      Log.setLevel(AV_LOG_QUIET);
    }
  }
}

// node-av throws an error if there is no code to return.
function safely(call: () => number | Promise<number>, lines: string[]): number | Promise<number> {
  try {
    return call();
  } catch (error) {
    lines.push(error instanceof Error ? error.message : String(error));
    return AVERROR_EINVAL;
  }
}

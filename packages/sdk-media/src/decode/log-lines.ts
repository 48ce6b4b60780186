import { AV_LOG_ERROR, AV_LOG_QUIET, ffmpeg } from "../ffmpeg.ts";

const AVERROR_EINVAL = -22;

/** What FFmpeg logged as an error during a call that failed: its error number alone says little. */
export async function collectLog(call: () => number): Promise<{ code: number; lines: string[] }> {
  const { Log } = ffmpeg();
  const lines: string[] = [];
  Log.setCallback((_, message) => void lines.push(message.trim()), { maxLevel: AV_LOG_ERROR });
  try {
    const code = safely(call, lines);
    // Lines come by way of the event loop.
    if (code < 0) await new Promise((resolve) => setTimeout(resolve, 10));
    return { code, lines: lines.filter((line) => line !== "") };
  } finally {
    Log.resetCallback();
    Log.setLevel(AV_LOG_QUIET);
  }
}

// node-av throws where there is no number to return.
function safely(call: () => number, lines: string[]): number {
  try {
    return call();
  } catch (error) {
    lines.push(error instanceof Error ? error.message : String(error));
    return AVERROR_EINVAL;
  }
}

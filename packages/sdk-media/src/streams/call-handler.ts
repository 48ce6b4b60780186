import type { PipelineContext } from "./pipeline.ts";
import type { HandlerResult } from "./stream-descriptor.ts";

/**
 * Calls the handler of a stream, and passes its result and the position to the job. Returns a promise only if the
 * handler returns a result.
 *
 * @param timeMs - The position of the handled data; undefined if it has no timestamp.
 */
export function callHandler(
  context: PipelineContext,
  index: number,
  timeMs: number | undefined,
  handler: () => HandlerResult,
): Promise<void> | undefined {
  const result = handler();
  if (result !== undefined) return passOn(context, index, timeMs, result);
  if (timeMs !== undefined) context.onPosition(index, timeMs);
  return undefined;
}

async function passOn(
  context: PipelineContext,
  index: number,
  timeMs: number | undefined,
  result: HandlerResult,
): Promise<void> {
  const value = await result;
  if (value !== undefined) await context.onResult(value);
  if (timeMs !== undefined) context.onPosition(index, timeMs);
}

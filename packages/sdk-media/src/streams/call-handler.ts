import type { PipelineContext } from "./pipeline.ts";
import type { HandlerResult } from "./stream-descriptor.ts";

/**
 * Calls a stream's handler, and tells the job what it returned and how far it is. Gives a promise only if that takes time.
 *
 * @param timeMs - Where what is handled stands; undefined if it has no time.
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

import { AsyncLocalStorage } from "node:async_hooks";

const turns = new AsyncLocalStorage<Promise<void>>();

/**
 * Calls a handler that runs beside others: what it writes waits until those before it have ended.
 *
 * @param before - Resolves when they have; rejects with what one of them threw.
 */
export function callInTurn<Result>(before: Promise<void>, handler: () => Result): Result {
  return turns.run(before, handler);
}

/** What has to be waited for before something is written; undefined outside of handlers that run beside others. */
export function turnToWrite(): Promise<void> | undefined {
  return turns.getStore();
}

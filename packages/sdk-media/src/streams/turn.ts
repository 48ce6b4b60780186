import { AsyncLocalStorage } from "node:async_hooks";

const turns = new AsyncLocalStorage<Promise<void>>();

/**
 * Calls a handler that runs concurrently with others. Its writes to outputs wait until the calls before it have ended.
 *
 * @param before - Resolves when the calls before it have ended; rejects with the error of any of them.
 */
export function callInTurn<Result>(before: Promise<void>, handler: () => Result): Result {
  return turns.run(before, handler);
}

/** Returns a promise to await before writing to an output; undefined outside of concurrent handlers. */
export function turnToWrite(): Promise<void> | undefined {
  return turns.getStore();
}

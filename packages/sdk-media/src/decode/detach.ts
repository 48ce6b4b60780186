import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

type Transfer = (this: ArrayBuffer, newLength: number) => ArrayBuffer;

/**
 * Returns ES2024's `ArrayBuffer.prototype.transfer`. In Node.js 20, it requires a V8 flag and exists in new contexts
 * only.
 */
function findTransfer(): Transfer {
  const { transfer } = ArrayBuffer.prototype as { transfer?: Transfer };
  if (transfer) return transfer;
  setFlagsFromString("--harmony-rab-gsab-transfer");
  const hidden = runInNewContext("ArrayBuffer.prototype.transfer") as Transfer;
  setFlagsFromString("--no-harmony-rab-gsab-transfer");
  return hidden;
}

const transfer = findTransfer();

/** Detaches views of native memory, so that a view that is still referenced has length 0 instead of freed memory. */
export function detach(views: readonly Uint8Array[]): void {
  for (const { buffer } of views) if (buffer.byteLength > 0) transfer.call(buffer as ArrayBuffer, 0);
}

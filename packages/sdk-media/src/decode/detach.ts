import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

type Transfer = (this: ArrayBuffer, newLength: number) => ArrayBuffer;

/** ES2024's `transfer`, which leaves the old buffer empty. V8 of Node 20 has it behind a flag, for new contexts. */
function findTransfer(): Transfer {
  const { transfer } = ArrayBuffer.prototype as { transfer?: Transfer };
  if (transfer) return transfer;
  setFlagsFromString("--harmony-rab-gsab-transfer");
  const hidden = runInNewContext("ArrayBuffer.prototype.transfer") as Transfer;
  setFlagsFromString("--no-harmony-rab-gsab-transfer");
  return hidden;
}

const transfer = findTransfer();

/** Empties views of native memory, so that whoever kept one finds length 0 instead of memory that is freed. */
export function detach(views: readonly Uint8Array[]): void {
  for (const { buffer } of views) if (buffer.byteLength > 0) transfer.call(buffer as ArrayBuffer, 0);
}

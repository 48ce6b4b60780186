// Stands for a model: digests the frame repeatedly, for about 20 ms, in native code and a thread of its own.
import { createHash } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";

const port = parentPort;
port?.on("message", (bytes) => {
  const hash = createHash("sha256");
  for (let i = 0; i < workerData.repeats; i++) hash.update(bytes);
  port.postMessage(hash.digest("hex"));
});

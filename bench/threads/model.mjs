// What stands for a model: a digest of the picture, as often as it takes about 20 ms; native, and a thread's own.
import { createHash } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";

parentPort.on("message", (bytes) => {
  const hash = createHash("sha256");
  for (let i = 0; i < workerData.repeats; i++) hash.update(bytes);
  parentPort.postMessage(hash.digest("hex"));
});

import { on } from "node:events";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { ExitGate } from "./exit-gate.ts";
import { SileroVad } from "./silero-vad.ts";

// The entry point of the inference thread. The side of the job thread is inference-thread.ts.
if (!parentPort)
  throw new Error("this module is the entry point of the inference thread; call InferenceThread.start instead");
const gate = new ExitGate(workerData as SharedArrayBuffer);
const model = await gate.pass(() => SileroVad.load());

// One port for each audio stream. Closing the port discards the state of the model for it.
parentPort.on("message", (message: MessagePort | "close") => void (message === "close" ? close() : serve(message)));
parentPort.postMessage("ready");

async function serve(port: MessagePort): Promise<void> {
  const stream = await model.open();
  for await (const [samples] of on(port, "message", { close: ["close"] })) {
    try {
      const probabilities = await gate.pass(() => stream.infer(samples as Float32Array));
      port.postMessage({ probabilities }, [probabilities.buffer as ArrayBuffer]);
    } catch (error) {
      port.postMessage({ error });
    }
  }
  stream.close();
}

async function close(): Promise<void> {
  await model.close();
  process.exit(0);
}

// @ts-check
import { defineWorker, Type } from "@mcai/worker-sdk";

console.log("printed at import");
process.stdout.write("written at import\n");
// Keeps the thread alive.
setInterval(() => undefined, 1000);

export default defineWorker({
  parameters: Type.Object({ threshold: Type.Number({ default: 0.5, description: "from 0 to 1" }) }),
  setup() {
    console.error("setup ran");
  },
  process() {
    console.error("process ran");
  },
});

import { defineWorker, Type } from "@mcai/worker-sdk";

console.log("printed at import");
process.stdout.write("written at import\n");
// Open for as long as the thread lives.
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

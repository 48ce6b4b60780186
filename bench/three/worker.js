import { defineWorker, Type } from "@mcai/worker-sdk";

export default defineWorker({
  parameters: Type.Object({ action: Type.String() }),
  process: (_, job) => job.progress(50),
});

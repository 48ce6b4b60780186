import { Type, Worker } from "@mcai/worker-sdk";
import { goldenMetadata } from "./golden.ts";

const parameters = Type.Object({ action: Type.String() });

/** The twin of ../shared/peer/workers/noop_worker.py, which does nothing. */
class NoopWorker extends Worker<typeof parameters> {
  process() {
    return undefined;
  }
}

export default new NoopWorker(parameters, goldenMetadata);

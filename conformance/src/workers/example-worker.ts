import { type JobHandle, Type, Worker } from "@mcai/worker-sdk";
import { exampleParameters } from "./example-parameters.ts";
import { goldenMetadata, sleep } from "./golden.ts";

const parameters = Type.Object({
  ...exampleParameters,
  source_path: Type.String(),
  destination_path: Type.String(),
});

/** The twin of the Python SDK's examples/worker.py. */
class ExampleWorker extends Worker<typeof parameters> {
  #model = "";

  override setup() {
    this.#model = "Loading the statistic model to use it during process";
  }

  process(handle: JobHandle) {
    handle.job.log.info(`This is the model loaded during setup: ${this.#model}`);
    for (let i = 0; i < 5; i++) {
      sleep(1);
      handle.publishJobProgression(25 * i);
    }
    return {
      destinationPaths: ["/path/to/generated/file.ext"],
      parameters: [{ id: "my_parameter", kind: "string", value: "hello" }],
    };
  }
}

export default new ExampleWorker(parameters, goldenMetadata);

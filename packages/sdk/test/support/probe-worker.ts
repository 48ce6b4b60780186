import { toConfiguration, type WorkerConfiguration } from "../../src/response/worker-configuration.ts";
import { toMetadata, type WorkerMetadata } from "../../src/worker/metadata.ts";

/** The fields of the package.json of a worker of the tests. */
export const probeFields = { name: "@acme/probe", version: "1.4.0", description: "Reads media", license: "MIT" };

/** Returns the configuration of that worker, with some fields of its own. */
export function probeConfiguration(overrides: Partial<WorkerMetadata> = {}): WorkerConfiguration {
  return toConfiguration(
    {
      ...toMetadata(probeFields, overrides, "package.json"),
      parameters: { type: "object", properties: {} },
      hasInitProcess: false,
    },
    { instanceId: "4f2a90c1d7be", queueName: "job_probe", directMessagingIdentifier: "x" },
  );
}

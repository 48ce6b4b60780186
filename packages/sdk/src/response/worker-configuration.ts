import type { WorkerDescription } from "../thread-protocol/messages.ts";

/** The version of the reference whose protocol this SDK implements. Workers send it as their `sdk_version`. */
export const sdkVersion = "2.2.1";

/** The configuration of a worker: `worker_created`, `worker_discovery` and the output of `DESCRIBE` (docs/protocol.md). */
export interface WorkerConfiguration {
  readonly instance_id: string;
  readonly queue_name: string;
  readonly name: string;
  readonly label: string;
  readonly direct_messaging_queue_name: string;
  readonly description: string;
  readonly short_description: string;
  readonly version: string;
  readonly sdk_version: string;
  readonly license: string;
  readonly authors?: readonly string[];
  readonly homepage?: string;
  readonly repository?: string;
  readonly organisation?: string;
  readonly parameters: Record<string, unknown>;
}

/** The id of a worker and its queues. */
export interface WorkerAddress {
  readonly instanceId: string;
  readonly queueName: string;
  readonly directMessagingIdentifier: string;
}

/** Returns the configuration of a worker. Optional fields that are not set are omitted. */
export function toConfiguration(worker: WorkerDescription, address: WorkerAddress): WorkerConfiguration {
  const { homepage, repository, organisation } = worker;
  return {
    // Read on each use: the address may change until the worker's own queue is declared.
    get instance_id() {
      return address.instanceId;
    },
    queue_name: address.queueName,
    name: worker.name,
    label: worker.name,
    get direct_messaging_queue_name() {
      return `direct_messaging_${address.directMessagingIdentifier}`;
    },
    description: worker.description,
    // The reference no longer sends it, but the backend of 2021 rejects a worker without it again and again.
    short_description: worker.shortDescription,
    version: worker.version,
    sdk_version: sdkVersion,
    license: worker.license,
    ...(worker.authors.length > 0 && { authors: worker.authors }),
    ...(homepage !== undefined && { homepage }),
    ...(repository !== undefined && { repository }),
    ...(organisation !== undefined && { organisation }),
    parameters: { $schema: "https://json-schema.org/draft/2020-12/schema", ...worker.parameters },
  };
}

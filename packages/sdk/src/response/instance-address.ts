import { claimContainerId, randomId, readContainerId } from "./instance-id.ts";
import type { WorkerAddress } from "./worker-configuration.ts";

/** What the environment says about the address of a worker. */
interface AddressSettings {
  readonly queueName: string;
  readonly directMessagingIdentifier: string | undefined;
}

/**
 * The address of this process. Its instance id is that of the container. If another process has that id, it gets a suffix,
 * before or when the worker's own queue is declared for the first time. After that it never changes.
 */
export class InstanceAddress implements WorkerAddress {
  readonly queueName: string;
  readonly #identifier: string | undefined;
  readonly #containerId: string | undefined;
  #instanceId: string;

  /** @param containerId - The id of the container; undefined outside of one. @default that of this process */
  constructor({ queueName, directMessagingIdentifier }: AddressSettings, containerId = readContainerId()) {
    this.queueName = queueName;
    this.#identifier = directMessagingIdentifier;
    this.#containerId = containerId;
    this.#instanceId = containerId ?? randomId();
  }

  get instanceId(): string {
    return this.#instanceId;
  }

  get directMessagingIdentifier(): string {
    return this.#identifier ?? this.#instanceId;
  }

  /** Whether the operator has chosen the name of the worker's own queue, so that it does not change. */
  get isQueueChosen(): boolean {
    return this.#identifier !== undefined;
  }

  /** Takes another instance id if another process of the container has this one. Returns whether it did. */
  async claim(): Promise<boolean> {
    if (this.#containerId === undefined || (await claimContainerId(this.#containerId))) return false;
    this.addSuffix();
    return true;
  }

  /** Takes another instance id. */
  addSuffix(): void {
    const base = this.#containerId ?? this.#instanceId;
    this.#instanceId = `${base}-${randomId().slice(0, 8)}`;
  }
}

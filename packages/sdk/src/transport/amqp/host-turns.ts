import type { BrokerHost } from "../../env/addresses.ts";
import { McaiError } from "../../errors.ts";
import { isRefusal } from "./broker-error.ts";

/**
 * Whose turn it is among the hosts of the broker, and why each of them failed the last time. In a round each host has one
 * turn.
 */
export class HostTurns {
  readonly #hosts: readonly BrokerHost[];
  readonly #failures: (McaiError | undefined)[] = [];
  #index = 0;
  #turns = 0;

  constructor(hosts: readonly BrokerHost[]) {
    this.#hosts = hosts;
  }

  /**
   * The host whose turn it is.
   *
   * @throws {@link McaiError} `ENVIRONMENT_INVALID` without a host.
   */
  get current(): BrokerHost {
    const host = this.#hosts[this.#index];
    if (!host) throw new McaiError("ENVIRONMENT_INVALID", "AMQP_HOSTNAME: no host");
    return host;
  }

  /** Starts a round with the first host, as if none had failed. */
  reset(): void {
    this.#failures.length = 0;
    this.#index = 0;
    this.#turns = 0;
  }

  /** Starts a round with the current host, which worked. */
  startRound(): void {
    this.#failures.length = 0;
    this.#turns = 0;
  }

  /** Ends the turn of the current host. Returns whether another one has its turn in this round. */
  fail(error: McaiError): boolean {
    this.#failures[this.#index] = error;
    this.#index = (this.#index + 1) % this.#hosts.length;
    this.#turns = (this.#turns + 1) % this.#hosts.length;
    return this.#turns > 0;
  }

  /** Whether each host failed by a refusal the last time. */
  get haveAllRefused(): boolean {
    return this.#hosts.every((_, index) => isRefusal(this.#failures[index]));
  }

  /**
   * Returns the failures of all hosts as one error. Its code is that of the first host in AMQP_HOSTNAME, so that it does not
   * depend on which host was asked last.
   */
  toError(details = ""): McaiError {
    const failures = this.#failures.filter((failure) => failure !== undefined);
    const [first = new McaiError("BROKER_UNREACHABLE", "no host was tried")] = failures;
    const texts = new Set(failures.map(({ message }) => message));
    return new McaiError(first.code, `${[...texts].join("; ")}${details}`, { cause: first });
  }
}

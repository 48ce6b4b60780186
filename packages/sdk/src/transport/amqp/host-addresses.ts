import { type LookupAddress, lookup } from "node:dns";
import type { LookupFunction } from "node:net";

/**
 * The addresses of one host name, which may belong to different brokers. They are looked up once. A socket connects to the
 * first one that accepts it; {@link HostAddresses.next} puts another one first.
 */
export class HostAddresses {
  #known: readonly LookupAddress[] | undefined;
  #first = 0;

  /** An option of sockets. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    const answer = (known: readonly LookupAddress[]) => {
      const addresses = [...known.slice(this.#first), ...known.slice(0, this.#first)];
      const [first] = addresses;
      if (options.all || !first) callback(null, addresses);
      else callback(null, first.address, first.family);
    };
    const known = this.#known;
    if (known) return process.nextTick(() => answer(known));
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      this.#known = addresses;
      answer(addresses);
    });
  };

  /** Puts the next address first. Returns false if each one has been the first. */
  next(): boolean {
    return ++this.#first < (this.#known?.length ?? 0);
  }
}

import { cpus } from "node:os";

/** How busy a core is, in whole percent. */
export interface BusyCore {
  readonly name: string;
  readonly usage: number;
}

/** How busy the cores are between one reading and the next; at the first one, since boot. */
export class CoreUsage {
  #before: readonly { readonly total: number; readonly idle: number }[] = [];

  read(): BusyCore[] {
    const now = cpus().map(({ times }) => ({
      total: times.user + times.nice + times.sys + times.idle + times.irq,
      idle: times.idle,
    }));
    const cores = now.map(({ total, idle }, i) => {
      const before = this.#before[i] ?? { total: 0, idle: 0 };
      const elapsed = total - before.total;
      // Linux may count the idle time of a core backwards by a tick.
      const busy = Math.min(Math.max(elapsed - (idle - before.idle), 0), elapsed);
      return { name: `cpu${i}`, usage: elapsed > 0 ? Math.round((100 * busy) / elapsed) : 0 };
    });
    this.#before = now;
    return cores;
  }
}

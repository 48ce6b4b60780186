import { cpus } from "node:os";

/** The usage of a core, in whole percent. */
export interface BusyCore {
  readonly name: string;
  readonly usage: number;
}

/** Measures the usage of the cores since the previous reading; the first one covers the time since boot. */
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
      // On Linux the idle time of a core may decrease by a tick.
      const busy = Math.min(Math.max(elapsed - (idle - before.idle), 0), elapsed);
      return { name: `cpu${i}`, usage: elapsed > 0 ? Math.round((100 * busy) / elapsed) : 0 };
    });
    this.#before = now;
    return cores;
  }
}

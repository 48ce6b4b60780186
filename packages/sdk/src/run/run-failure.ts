/** The error that ends a run from outside of its own promises. */
export class RunFailure {
  /** Rejects with the first error that was reported. */
  readonly failed: Promise<never>;
  /** Ends the run with this error. */
  readonly report: (error: Error) => void;

  constructor() {
    let report: (error: Error) => void = () => undefined;
    this.failed = new Promise<never>((_, reject) => {
      report = reject;
    });
    this.report = report;
    // The run awaits it only while it works.
    this.failed.catch(() => undefined);
  }
}

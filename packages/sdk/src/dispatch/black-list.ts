/** The jobs that this worker must not do, in the order in which they were added. */
export class BlackList {
  readonly #jobIds = new Set<number>();

  get jobIds(): readonly number[] {
    return [...this.#jobIds];
  }

  has(jobId: number): boolean {
    return this.#jobIds.has(jobId);
  }

  add(jobId: number): void {
    this.#jobIds.add(jobId);
  }

  delete(jobId: number): void {
    this.#jobIds.delete(jobId);
  }
}

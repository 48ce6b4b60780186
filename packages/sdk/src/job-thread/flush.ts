/** Resolves when everything that the user's module printed is written; a thread's streams pass through the main thread. */
export async function flushOutput(): Promise<void> {
  const drained = (stream: NodeJS.WriteStream) =>
    new Promise<void>((resolve) => void stream.write("", () => resolve()));
  await Promise.all([drained(process.stdout), drained(process.stderr)]);
}

import { defineWorker } from "@mcai/worker-sdk";
import { startTestWorker } from "@mcai/worker-sdk/testing";
import { parametersOf, portedMediaWorker } from "./workers.ts";

/** The descriptions of all workers, by name, as each worker sends its own. */
export async function describeWorkers(): Promise<Record<string, object>> {
  const workers: (readonly [string, object])[] = Object.entries(parametersOf).map(([name, parameters]) => [
    name,
    defineWorker({ parameters, process: () => undefined }),
  ]);
  const descriptions: Record<string, object> = {};
  for (const [name, worker] of [...workers, ["ported media", portedMediaWorker] as const])
    descriptions[name] = await describe(worker);
  return descriptions;
}

async function describe(worker: object): Promise<object> {
  const test = await startTestWorker(worker);
  await test.close();
  return test.next("worker_terminated");
}

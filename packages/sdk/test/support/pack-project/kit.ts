// Runs the worker in the packed test kit and prints the outcome.
import {
  decodeOrder,
  type JobHandle,
  type JobOrder,
  McaiError,
  type OrderOf,
  type PortedResult,
  type Static,
  Type,
  Worker,
} from "@mcai/worker-sdk";
import { fromStore, runJob, startTestWorker } from "@mcai/worker-sdk/testing";
import worker, { live, same } from "./worker.ts";

const [source_path = "", destination_path = ""] = process.argv.slice(2);

const outcome = await runJob(
  worker,
  { source_path, destination_path, token: fromStore("BACKEND", "TOKEN") },
  { stores: { BACKEND: { TOKEN: "s3cret" } }, context: { split: (text) => text.split(" ") } },
);
same<typeof outcome.status, "completed" | "stopped" | "error">();

// @ts-expect-error: it is a number
void (() => runJob(worker, { minimum_length: "4" }));
// @ts-expect-error: the context is a number
void (() => runJob(live, { language: "de" }, { context: "5" }));

const test = await startTestWorker(live);
await test.send({ type: "job", job_id: 7, parameters: [{ id: "language", type: "string", value: "de" }] });
const completed = await test.next("job_completed");
same<typeof completed.job_id, number>();
await test.close();

const order = decodeOrder(Buffer.from('{"job_id":71,"parameters":[]}'));
if (order.type === "job") same<typeof order, OrderOf<"job">>();
if ("parameters" in order) same<typeof order, JobOrder>();

const text = Type.Object({ text: Type.String() });

class Shouter extends Worker<typeof text> {
  override process(handle: JobHandle, { text: given }: Static<typeof text>, jobId: number): PortedResult {
    handle.publishJobProgression(50);
    return { parameters: [{ id: "shout", kind: "string", value: `${given.toUpperCase()} ${jobId}` }] };
  }
}
const shout = await runJob(new Shouter(text), { text: "hey" }, { jobId: 8 });

let code: string | undefined;
try {
  decodeOrder(Buffer.from("{}"));
} catch (error) {
  if (error instanceof McaiError) ({ code } = error);
}
console.log(JSON.stringify({ outcome, liveStatus: completed.status, shout: shout.parameters, code }));

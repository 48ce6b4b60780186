import { setTimeout as delay } from "node:timers/promises";
import { type JobHandle, type PortedResult, type Static, Type, Worker } from "@mcai/worker-sdk";
import { goldenMetadata, RuntimeError, repr, sleep, ValueError } from "./golden.ts";

const parameters = Type.Object({
  action: Type.String(),
  number: Type.Optional(Type.Integer()),
  ratio: Type.Optional(Type.Number()),
  flag: Type.Optional(Type.Boolean()),
  text: Type.Optional(Type.String()),
  array_of_strings: Type.Optional(Type.Array(Type.String())),
  array_of_integers: Type.Optional(Type.Array(Type.Integer())),
  source_path: Type.Optional(Type.String()),
  destination_path: Type.Optional(Type.String()),
});

type Parameters = Static<typeof parameters>;

const dumped = [
  "number",
  "ratio",
  "flag",
  "text",
  "array_of_strings",
  "array_of_integers",
  "requirements",
  "source_paths",
] as const;

/** The twin of ../shared/peer/workers/core_worker.py: the parameter `action` says what it does. */
class GoldenWorker extends Worker<typeof parameters> {
  override setup() {
    console.warn("setup called");
    if (process.env.GOLDEN_SETUP_FAIL) throw new RuntimeError("setup failed");
  }

  process(handle: JobHandle, p: Parameters): PortedResult | undefined | Promise<PortedResult> {
    switch (p.action) {
      case "noop":
        return undefined;
      case "completed":
        return {
          destinationPaths: ["/path/to/generated/file.ext"],
          parameters: [
            { id: "my_parameter", kind: "string", value: "hello" },
            { id: "n", kind: "int", value: -3 },
            { id: "l", kind: "array_of_strings", value: ["a", "b"] },
            { id: "li", kind: "array_of_ints", value: [1, 2] },
            { id: "bad", kind: "float", value: 1.5 },
          ],
        };
      case "completed_bool":
        return { parameters: [{ id: "b", kind: "boolean", value: true }] };
      case "progress": {
        // The Python method returns whether the progression was accepted; this one throws if not.
        const taken = [10, 50, 100].map((percent) => handle.publishJobProgression(percent) ?? true);
        return text("r", repr(taken));
      }
      case "progress_300":
        handle.publishJobProgression(300);
        // If it continues, the Python worker reaches its last line.
        throw new RuntimeError(`unknown action ${p.action}`);
      case "unicode_return":
        return text("u", "café 日本 😀");
      case "raise":
        throw new ValueError("boom: the job failed");
      case "raise_unicode":
        throw new ValueError("café 日本");
      case "set_error":
        handle.setErrorMessage("chosen message");
        handle.setJobStatus("error");
        return undefined;
      case "set_error_no_message":
        handle.setJobStatus("error");
        return undefined;
      case "set_stopped":
      // A status is a string here.
      case "status_string":
        handle.setJobStatus("stopped");
        return undefined;
      case "sysexit":
      case "hard_exit":
        process.exit(3);
        break;
      case "return_list":
        return ["not", "a", "dict"] as unknown as PortedResult;
      case "dump":
        return { parameters: dumped.map((id) => ({ id, kind: "string", value: repr(given(p, id)) })) };
      case "sleep":
      case "sleep_deaf":
        return work(handle, p.action, p.number || 5);
    }
    throw new RuntimeError(`unknown action ${p.action}`);
  }
}

async function work(handle: JobHandle, action: string, seconds: number): Promise<PortedResult> {
  for (let i = 0; i < seconds * 10; i++) {
    if (action === "sleep" && handle.isStopped()) {
      handle.setJobStatus("stopped");
      return text("stopped_at", String(i));
    }
    // A ported worker would wait like this. The job sleep_deaf blocks its thread, as a computation does.
    if (action === "sleep") await delay(100);
    else sleep(0.1);
    if (i % 10 === 0) handle.publishJobProgression(Math.floor((100 * i) / (seconds * 10)));
  }
  return { parameters: [{ id: "slept", kind: "int", value: seconds }] };
}

function text(id: string, value: string): PortedResult {
  return { parameters: [{ id, kind: "string", value }] };
}

function given(p: Parameters, id: string): unknown {
  return (p as Record<string, unknown>)[id] ?? "<absent>";
}

export default new GoldenWorker(parameters, goldenMetadata);

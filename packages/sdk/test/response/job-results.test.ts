import { expect } from "vitest";
import { defineWorker, McaiError, Type } from "../../src/index.ts";
import type { Parameter } from "../../src/order/order.ts";
import { readParameter } from "../../src/parameters/read-wire-parameter.ts";
import { EnvironmentStores } from "../../src/parameters/store.ts";
import { JobClock, type JobResultBody, type JobStatus } from "../../src/response/response.ts";
import { startTestWorker } from "../../src/testing.ts";
import { describeCases } from "../support/cases.ts";

type Typed = { id: string; as: Parameters<typeof readParameter>[2]; value?: unknown; error?: unknown };
type Step = {
  status?: string;
  message?: string;
  json?: { id: string; type: string; value: string };
  destination_paths?: string[];
};
interface Input {
  json?: string;
  job?: string;
  job_id?: number;
  steps?: Step[];
  io_error?: string;
  status?: string;
  progression?: number;
}

describeCases<Input, Record<string, unknown> & { typed?: Typed[] }>("job_results.json", async ({ input, expected }) => {
  const { typed = [], ...fields } = expected;
  let parameters: readonly Parameter[] = [];
  if (input.json !== undefined) {
    parameters = (JSON.parse(input.json) as { parameters: Parameter[] }).parameters;
    expect(parameters).toHaveLength(Number(expected.parameter_count));
  } else if (input.status !== undefined) {
    const status = input.status.replace(/(?!^)([A-Z])/g, "_$1").toLowerCase() as JobStatus;
    expect(JSON.stringify(new JobClock().toResult(1, status).status)).toBe(expected.json);
  } else if (input.progression !== undefined) {
    expect(await run(input, "job_progression")).toMatchObject({ job_id: input.job_id, progression: input.progression });
  } else if (input.job !== undefined) {
    const { job_id } = JSON.parse(input.job) as { job_id: number };
    expect(new JobClock().toResult(job_id, "unknown")).toMatchObject({
      job_id: expected.job_id,
      status: "unknown",
      parameters: [],
    });
  } else if (input.io_error !== undefined) {
    const body = (await run(input, "job_error")) as JobResultBody;
    expect(body).toMatchObject({ status: expected.status, parameters: expected.parameters });
  } else {
    const body = (await run(input, "job_completed")) as JobResultBody;
    expect(body).toMatchObject(fields);
    parameters = body.parameters;
  }
  for (const { id, as, value, error } of typed) {
    const type = parameters.find((one) => one.id === id)?.type;
    const reading = readParameter(
      parameters,
      id,
      as,
      new EnvironmentStores({ backend_HOSTNAME: "http://127.0.0.1:9" }, () => undefined),
      job,
    );
    if (error) await expect(reading, id).rejects.toThrow(McaiError);
    // A parameter is found only under its own type.
    else expect(await reading, id).toEqual(type === as ? value : undefined);
  }
});

const job = { signal: new AbortController().signal };

/** Runs a job that does what the case says, and returns its last response of a kind. */
async function run(input: Input, kind: "job_progression" | "job_completed" | "job_error"): Promise<object> {
  const steps = input.steps ?? [];
  const worker = defineWorker({
    parameters: Type.Object({}),
    process(_, job) {
      if (input.progression !== undefined) job.progress(input.progression);
      if (input.io_error !== undefined) throw new McaiError("JOB_FAILED", `IO Error: ${input.io_error}`);
      const results = steps.flatMap(({ message, json }) => {
        if (message !== undefined) return [["message", { type: "string", value: message }] as const];
        return json ? [[json.id, { type: json.type, value: json.value }] as const] : [];
      });
      const destinationPaths = steps.flatMap(({ destination_paths = [] }) => destination_paths);
      return { destinationPaths, parameters: Object.fromEntries(results) };
    },
  });
  const test = await startTestWorker(worker);
  await test.send({ type: "job", job_id: input.job_id ?? 1, parameters: [] });
  await test.close();
  const body = test.responses.findLast((response) => response.kind === kind)?.body;
  expect(body).toBeDefined();
  return body as object;
}

import { flattenBody } from "./body.ts";
import type { Capture, Json } from "./capture.ts";
import { addToGroup, Beginning, type Fact, type Facts, type Groups, unknown } from "./facts.ts";
import { addMediaFacts } from "./media-facts.ts";

/** Reads all facts that are compared of a run without a broker: how it ended, what it printed, the responses in its log. */
export function localFacts(capture: Capture): Facts {
  const { ended, exit_code, stdout, stderr, output_file, env } = capture;
  const fields = new Map<string, Fact>();
  const groups: Groups = new Map();
  fields.set("ended", ended ?? null);
  fields.set("exit", exit_code ?? null);
  addStdout(stdout, fields, groups);
  const order: string[] = [];
  const gapAt = stderr.findIndex((line) => typeof line !== "string");
  const isCut = gapAt >= 0;
  const lines = stderr.filter((line) => typeof line === "string").map(toReferenceLine);
  for (const line of lines) {
    const response = readResponse(line);
    if (!response) continue;
    const { token, body } = response;
    const isProgression = token.startsWith("Feedback");
    if (!isProgression || !order.includes(token)) order.push(token);
    if (isProgression) continue;
    const logged = new Map<string, Fact>();
    if (body === undefined) logged.set("body", unknown);
    else flattenBody(body, "body", logged);
    addToGroup(groups, `log[${token}]`, logged);
  }
  addProgressions(isCut ? lines.slice(0, gapAt) : lines, groups);
  const counted = lines.map((line) => line.replace(/^.* - WARN - /, "")).filter((line) => line.startsWith("ENDING"));
  addMediaFacts(env.DESCRIBE ? undefined : output_file, counted.slice(-1), fields, groups);
  return { fields, groups, order, isCut, mayLack: () => isCut };
}

function addStdout(stdout: string, fields: Map<string, Fact>, groups: Groups): void {
  const text = stdout.trim();
  const configuration = new Map<string, Fact>();
  try {
    flattenBody(JSON.parse(text) as Json, "configuration", configuration);
    addToGroup(groups, "stdout", configuration);
  } catch {
    fields.set("stdout.text", text);
  }
}

// Our twins log JSON, and each response whole as a field; the reference logs it as the text of a line.
function toReferenceLine(line: string): string {
  if (!line.startsWith('{"level":')) return line;
  const { level, msg, response } = JSON.parse(line) as { level: string; msg: string; response?: Json };
  if (response === undefined) return ` - ${level.toUpperCase()} - ${msg}`;
  return ` - INFO - ${JSON.stringify({ [msg]: response })}`;
}

// `… - INFO - {"Completed":{…}}`; a line of more than 1,500 characters is truncated, so its body is unknown.
function readResponse(line: string): { readonly token: string; readonly body: Json | undefined } | undefined {
  const match = / - INFO - \{"(\w+)":(\{.*)$/.exec(line);
  if (!match) return undefined;
  const [, kind = "", rest = ""] = match;
  const jobId = /"job_id":(\d+)/.exec(rest)?.[1];
  const token = jobId === undefined ? kind : `${kind} ${jobId}`;
  try {
    return { token, body: JSON.parse(rest.slice(0, -1)) as Json };
  } catch {
    return { token, body: undefined };
  }
}

function addProgressions(lines: readonly string[], groups: Groups): void {
  const jobs = new Map<string, number[]>();
  for (const line of lines) {
    if (!line.includes('{"Feedback":')) continue;
    const jobId = /"job_id":(\d+)/.exec(line)?.[1] ?? "?";
    jobs.set(jobId, [...(jobs.get(jobId) ?? []), Number(/"progression":(\d+)/.exec(line)?.[1])]);
  }
  for (const [jobId, values] of jobs) {
    const changes = values.filter((value, index) => value !== values[index - 1]);
    const isWhole = lines.some((line) => line.includes('{"Completed":') && line.includes(`"job_id":${jobId},`));
    const fields = new Map<string, Fact>();
    fields.set("values", isWhole ? changes : new Beginning(changes));
    addToGroup(groups, `progressions[${jobId}]`, fields);
  }
}

/** The identity of the worker, on each line. */
export interface LogIdentity {
  readonly instanceId: string;
  readonly queueName: string;
}

/** The contents of a line. */
export interface LogRecord {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly jobId: number | undefined;
  /** The other fields at the top of the JSON line, as JSON has them. */
  readonly details: Details;
}

interface Details {
  readonly fields?: unknown;
  readonly destination_paths?: readonly unknown[];
  readonly parameters?: object;
  readonly response?: unknown;
  readonly response_bytes?: number;
  readonly stack?: string;
}

const colors = { debug: "\u001b[36m", info: "\u001b[32m", warn: "\u001b[33m", error: "\u001b[31m" } as const;
const plain = "\u001b[0m";

/** Formats a line like the reference: `<utc> - <instance> - <queue> - <job or -1> - <LEVEL> - <text>`. */
export function formatText(time: string, identity: LogIdentity, record: LogRecord, color: boolean): string {
  const { level, message, jobId = -1, details } = record;
  const utc = `${time.slice(0, 10)} ${time.slice(11, -1)} UTC`;
  const word = color ? `${colors[level]}${level.toUpperCase()}${plain}` : level.toUpperCase();
  const source = escapeControls(`${identity.instanceId} - ${identity.queueName}`);
  return `${utc} - ${source} - ${jobId} - ${word} - ${indent(escapeControls(textOf(message, details)))}\n`;
}

/** Formats a line as a JSON object. */
export function formatJson(time: string, identity: LogIdentity, record: LogRecord): string {
  const { level, message, jobId, details } = record;
  const { instanceId: instance_id, queueName: queue } = identity;
  const job = jobId === undefined ? undefined : { job_id: jobId };
  return `${escapeControls(JSON.stringify({ level, time, instance_id, queue, ...job, ...details, msg: message }))}\n`;
}

// The message of an event already has its status, its duration and its faults.
function textOf(message: string, details: Details): string {
  const { fields, response, destination_paths = [], parameters = {}, stack } = details;
  if (response !== undefined) return JSON.stringify({ [message]: response });
  if (fields !== undefined) return `${message} ${JSON.stringify(fields)}`;
  if (stack !== undefined) return `${message}\n${placeOf(stack, message)}`;
  const result = {
    ...(destination_paths.length > 0 && { destination_paths }),
    ...(Object.keys(parameters).length > 0 && { parameters }),
  };
  return Object.keys(result).length === 0 ? message : `${message} ${JSON.stringify(result)}`;
}

// The name and the message of the error, with which a stack begins, are in the message of the line.
function placeOf(stack: string, message: string): string {
  const end = stack.indexOf("\n    at ");
  return end >= 0 && message.includes(stack.slice(0, end)) ? stack.slice(end + 1) : stack;
}

// What moves the cursor of a terminal, or changes the order of what it shows. Tabs and line feeds may stay.
const control = /(?![\t\n])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u;
const controls = new RegExp(control, "gu");

/** Replaces control characters by their JSON escapes, so that no text can hide or forge a line. */
export function escapeControls(text: string): string {
  if (!control.test(text)) return text;
  const toEscape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return text.replaceAll("\r\n", "\n").replaceAll(controls, toEscape);
}

// A stack trace has several lines. An indented line is never taken for the start of another one.
function indent(text: string): string {
  return text.includes("\n") ? text.replaceAll("\n", "\n    ") : text;
}

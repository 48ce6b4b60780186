interface Line {
  readonly time: string;
  readonly level: string;
  readonly instance_id: string;
  readonly queue: string;
  readonly job_id?: number;
  readonly fields?: unknown;
  readonly destination_paths?: readonly unknown[];
  readonly parameters?: object;
  readonly response?: unknown;
  readonly stack?: string;
  readonly msg: string;
}

const colors: Readonly<Record<string, string>> = {
  trace: "\u001b[90m",
  debug: "\u001b[36m",
  info: "\u001b[32m",
  warn: "\u001b[33m",
  error: "\u001b[31m",
};
const plain = "\u001b[0m";

/** Formats a JSON line of pino like the reference: `<utc> - <instance> - <queue> - <job or -1> - <LEVEL> - <text>`. */
export function formatLine(json: string, color: boolean): string {
  const line = JSON.parse(json) as Line;
  const { time, level, instance_id, queue, job_id = -1 } = line;
  const utc = `${time.slice(0, 10)} ${time.slice(11, -1)} UTC`;
  const word = color ? `${colors[level] ?? ""}${level.toUpperCase()}${plain}` : level.toUpperCase();
  return `${utc} - ${instance_id} - ${queue} - ${job_id} - ${word} - ${textOf(line)}\n`;
}

// The message of an event already has its status, its duration and its faults.
function textOf({ msg, fields, response, destination_paths = [], parameters = {}, stack }: Line): string {
  if (response !== undefined) return JSON.stringify({ [msg]: response });
  if (fields !== undefined) return `${msg} ${JSON.stringify(fields)}`;
  if (stack !== undefined) return `${msg}${indent(stack, msg)}`;
  const result = {
    ...(destination_paths.length > 0 && { destination_paths }),
    ...(Object.keys(parameters).length > 0 && { parameters }),
  };
  return Object.keys(result).length === 0 ? msg : `${msg} ${JSON.stringify(result)}`;
}

// The name and the message of the error, with which a stack begins, are in the message of the line.
function indent(stack: string, message: string): string {
  const end = stack.indexOf("\n    at ");
  const rest = end >= 0 && message.includes(stack.slice(0, end)) ? stack.slice(end + 1) : stack;
  return rest
    .split("\n")
    .map((line) => `\n    ${line}`)
    .join("");
}

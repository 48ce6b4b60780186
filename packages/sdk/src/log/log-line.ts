interface Line {
  readonly time: string;
  readonly level: string;
  readonly instance_id: string;
  readonly queue: string;
  readonly job_id?: number;
  readonly fields?: unknown;
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
  const { time, level, instance_id, queue, job_id = -1, fields, msg } = JSON.parse(json) as Line;
  const utc = `${time.slice(0, 10)} ${time.slice(11, -1)} UTC`;
  const word = color ? `${colors[level] ?? ""}${level.toUpperCase()}${plain}` : level.toUpperCase();
  const text = fields === undefined ? msg : `${msg} ${JSON.stringify(fields)}`;
  return `${utc} - ${instance_id} - ${queue} - ${job_id} - ${word} - ${text}\n`;
}

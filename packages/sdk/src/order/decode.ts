import { describeValue, McaiError, typeName } from "../errors.ts";
import { type Order, type OrderType, orderSchemas, type Parameter } from "./order.ts";

/** The largest order that is read, in bytes: what RabbitMQ takes from 4.0 on by default. */
export const maxOrderBytes = 16 * 1024 * 1024;
const utf8 = new TextDecoder("utf-8", { fatal: true });
/** The deepest nesting of arrays and objects in an order: that of the reference's JSON reader. */
export const maxOrderDepth = 128;

/**
 * A message that is not an order. `jobId` is the id of the job that it names, where that could be read: only then can
 * the backend be answered.
 */
export class OrderError extends McaiError {
  /** The job's id, if the message had one. */
  readonly jobId: number | undefined;

  /**
   * @param message - What was wrong, where, and what would be right.
   * @param jobId - The id of the job, if it could be read.
   * @param options - `cause`: the underlying error.
   */
  constructor(message: string, jobId?: number, options?: ErrorOptions) {
    super("ORDER_INVALID", message, options);
    this.name = "OrderError";
    this.jobId = jobId;
  }
}

/**
 * Reads one message of the wire. Without a `type` it is a job; unknown keys are ignored; of a parameter `store`,
 * `value` and `default` may be null, which is the same as absent.
 *
 * @param body - The message: UTF-8 JSON, at most 16 MiB and 128 levels deep.
 * @returns The order, with its `type` always set.
 * @throws {OrderError} If it is not an order; `jobId` is set if the message names a job.
 *
 * @example
 * ```ts
 * decodeOrder(Buffer.from('{"job_id":71,"parameters":[]}')); // { type: "job", job_id: 71, parameters: [] }
 * ```
 */
export function decodeOrder(body: Uint8Array): Order {
  const message = parse(body);
  if (typeof message !== "object" || message === null || Array.isArray(message))
    throw new OrderError(`an order is a JSON object such as {"job_id":1,"parameters":[]}, got ${typeName(message)}`);
  const { job_id: id, type = "job", parameters } = message as Record<string, unknown>;
  const jobId = isJobId(id) ? id : undefined;
  if (typeof type !== "string" || !Object.hasOwn(orderSchemas, type))
    throw new OrderError(
      `unknown order type ${describeValue(type)}; known are ${Object.keys(orderSchemas).join(", ")}`,
      jobId,
    );
  const { required } = orderSchemas[type as OrderType];
  const order: Record<string, unknown> = { type };
  if ((required as readonly string[]).includes("job_id")) {
    if (jobId === undefined)
      throw new OrderError(
        `job_id: expected an integer from 0 to ${Number.MAX_SAFE_INTEGER}, got ${describeValue(id)}`,
      );
    order.job_id = jobId;
  }
  if ((required as readonly string[]).includes("parameters")) order.parameters = readParameters(parameters, jobId);
  return order as Order;
}

function parse(body: Uint8Array): unknown {
  if (body.length === 0) throw new OrderError("the message is empty; expected a JSON object");
  if (body.length > maxOrderBytes)
    throw new OrderError(`the message has ${body.length} bytes; an order has at most ${maxOrderBytes}`);
  let text: string;
  try {
    text = utf8.decode(body);
  } catch (cause) {
    throw new OrderError("the message is not UTF-8 text", undefined, { cause });
  }
  const depth = depthOf(text);
  if (depth > maxOrderDepth)
    throw new OrderError(`the message is nested ${depth} levels deep; an order has at most ${maxOrderDepth}`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new OrderError(`the message is not JSON: ${withoutText(cause)}`);
  }
}

// V8 quotes the text around the fault, and a secret may stand there.
function withoutText(cause: unknown): string {
  return (cause as SyntaxError).message.replace(/(?:, (?:\.\.\.)?"[\s\S]*)? is not valid JSON$/, "");
}

// JSON.parse takes any depth, but JSON.stringify, which the job thread gets its orders by, does not; so it is counted first.
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x7d || code === 0x5d) depth--;
  }
  return deepest;
}

function isJobId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function readParameters(list: unknown, jobId: number | undefined): Parameter[] {
  if (!Array.isArray(list))
    throw new OrderError(`parameters: expected a list, which may be empty, got ${typeName(list)}`, jobId);
  return list.map((entry: unknown, index) => readParameter(entry, `parameters[${index}]`, jobId));
}

function readParameter(entry: unknown, where: string, jobId: number | undefined): Parameter {
  const wrong = (field: string, expected: string, got: unknown) =>
    new OrderError(`${where}${field}: expected ${expected}, got ${describeValue(got)}`, jobId);
  if (typeof entry !== "object" || entry === null || Array.isArray(entry))
    throw new OrderError(
      `${where}: expected an object such as {"id":"a","type":"string","value":"b"}, got ${typeName(entry)}`,
      jobId,
    );
  const { id, type, store = null, value = null, default: fallback = null } = entry as Record<string, unknown>;
  if (typeof id !== "string") throw wrong(".id", "a string", id);
  if (typeof type !== "string") throw wrong(".type", "a string", type);
  if (store !== null && typeof store !== "string") throw wrong(".store", "a string or null", store);
  return { id, type, store, value, default: fallback };
}

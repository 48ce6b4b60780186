import { describeValue, McaiError, typeName } from "../errors.ts";
import { JsonText } from "../json-text.ts";
import { type Order, type OrderType, orderSchemas, type Parameter } from "./order.ts";

/** The maximum size of an order, in bytes: the default of RabbitMQ since 4.0. */
export const maxOrderBytes = 16 * 1024 * 1024;
const utf8 = new TextDecoder("utf-8", { fatal: true });
/** The maximum nesting of arrays and objects in an order: that of the reference's JSON parser. */
export const maxOrderDepth = 128;

/**
 * Thrown for a message that is not a valid order. The error can be reported to the backend only if `jobId` is set.
 */
export class OrderError extends McaiError {
  /** The id of the job; undefined if the message has no valid one. */
  readonly jobId: number | undefined;

  /**
   * @param message - What is wrong, where, and what is expected.
   * @param jobId - The id of the job, if the message has a valid one.
   * @param options - `cause`: the underlying error.
   */
  constructor(message: string, jobId?: number, options?: ErrorOptions) {
    super("ORDER_INVALID", message, options);
    this.name = "OrderError";
    this.jobId = jobId;
  }
}

/**
 * Decodes an order. A message without `type` is a job. Unknown keys are ignored. `store`, `value` and `default` of a
 * parameter may be null, which means the same as absent. Parameters whose numbers JavaScript does not keep, such as 1e400, have
 * `lostNumbers`: the job that declares such a parameter fails.
 *
 * @param body - The message: UTF-8 JSON, at most 16 MiB and 128 levels deep.
 * @returns The order, with its `type` always set.
 * @throws {@link OrderError} If the message is not a valid order.
 *
 * @example
 * ```ts
 * decodeOrder(Buffer.from('{"job_id":71,"parameters":[]}')); // { type: "job", job_id: 71, parameters: [] }
 * ```
 */
export function decodeOrder(body: Uint8Array): Order {
  const text = parse(body);
  const { value: message } = text;
  if (typeof message !== "object" || message === null || Array.isArray(message))
    throw new OrderError(`expected a JSON object such as {"job_id":1,"parameters":[]}, got ${typeName(message)}`);
  const { job_id: id, type = "job", parameters } = message as Record<string, unknown>;
  const jobId = isJobId(id) ? id : undefined;
  if (typeof type !== "string" || !Object.hasOwn(orderSchemas, type))
    throw new OrderError(
      `unknown order type ${describeValue(type)}; known types are ${Object.keys(orderSchemas).join(", ")}`,
      jobId,
    );
  const { required } = orderSchemas[type as OrderType];
  const order: Record<string, unknown> = { type };
  if ((required as readonly string[]).includes("job_id")) {
    if (jobId === undefined)
      throw new OrderError(
        `job_id: expected an integer from 0 to ${Number.MAX_SAFE_INTEGER}, got ${text.lostNumbers("job_id")?.[0]?.text ?? describeValue(id)}`,
      );
    order.job_id = jobId;
  }
  if ((required as readonly string[]).includes("parameters"))
    order.parameters = readParameters(parameters, text, jobId);
  return order as Order;
}

function parse(body: Uint8Array): JsonText {
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
    return new JsonText(text);
  } catch (cause) {
    throw new OrderError(`the message is not JSON: ${withoutText(cause)}`);
  }
}

// V8 quotes the text around the fault, which may contain a secret.
function withoutText(cause: unknown): string {
  return (cause as SyntaxError).message.replace(/(?:, (?:\.\.\.)?"[\s\S]*)? is not valid JSON$/, "");
}

// JSON.parse accepts any depth, but JSON.stringify, which is used to send the order to the job thread, does not.
function depthOf(text: string): number {
  let depth = 0;
  let maxDepth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) maxDepth = Math.max(maxDepth, ++depth);
    else if (code === 0x7d || code === 0x5d) depth--;
  }
  return maxDepth;
}

function isJobId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function readParameters(list: unknown, text: JsonText, jobId: number | undefined): Parameter[] {
  if (!Array.isArray(list))
    throw new OrderError(`parameters: expected an array, which may be empty, got ${typeName(list)}`, jobId);
  return list.map((entry: unknown, index) => {
    const parameter = readParameter(entry, `parameters[${index}]`, jobId);
    const lostNumbers = text.lostNumbers("parameters", index, parameter.value === null ? "default" : "value");
    return lostNumbers ? { ...parameter, lostNumbers } : parameter;
  });
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

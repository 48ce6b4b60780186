import { describeValue, McaiError, messageOf } from "../errors.ts";
import { JsonText, type LostNumber, LostNumbersError } from "../json-text.ts";
import type { Parameter } from "../order/order.ts";
import { type TObject, type TSchema, typebox } from "../schema/typebox.ts";
import type { Job } from "../worker/job.ts";
import { hasSecret, isSecret, secretsIn } from "../worker/secret.ts";
import { compileSchema } from "./compiled-schema.ts";
import { findFaults, ParameterError, type ParameterFault, toLostFault } from "./faults.ts";
import { holdsSecrets, type Stores } from "./store.ts";

/**
 * Resolves the parameters of an order. The value of a parameter is its `value`, or else its `default`, or else the
 * default of the schema. If it has a `store`, the value is a key that is looked up there. Undeclared parameters are
 * ignored. If an id occurs twice, the last one is used. Values are not converted, but a string from a store is parsed
 * as JSON if the schema does not accept a string. A number that JavaScript does not keep is a fault. Rejects with the reason of the signal if it aborts.
 *
 * @param base - The current values of a job that is updated.
 * @throws {@link ParameterError} With all faults, including those of stores.
 */
export async function resolveParameters(
  schema: TObject,
  parameters: readonly Parameter[],
  stores: Stores,
  job: Pick<Job, "signal">,
  base: Readonly<Record<string, unknown>> = {},
): Promise<Record<string, unknown>> {
  const declared = new Map<string, Parameter>();
  for (const parameter of parameters)
    if (Object.hasOwn(schema.properties, parameter.id)) declared.set(parameter.id, parameter);
  const values: Record<string, unknown> = { ...base };
  const unresolved = new Map<string, ParameterFault>();
  const fromStore = new Set<string>();
  const take = ({ id, store, value: given }: Parameter, property: TSchema, value: unknown) => {
    if (value !== undefined) values[id] = value;
    else if (given === null && !("default" in property) && !(id in base) && typebox().Check(property, null))
      values[id] = null;
    if (store) fromStore.add(id);
    for (const secret of secretsIn(property, value)) stores.keepSecret(secret);
  };
  const hidden = (id: string) => fromStore.has(id) || hasSecret(schema.properties[id] ?? {});
  const lose = (id: string, numbers: readonly LostNumber[]) => {
    for (const number of numbers) {
      const fault = toLostFault(id, number, hidden(id));
      unresolved.set(fault.path, fault);
    }
  };
  const lookUps: Promise<void>[] = [];
  for (const parameter of declared.values()) {
    const { id, store } = parameter;
    const property = schema.properties[id] as TSchema;
    const given = parameter.value ?? parameter.default ?? undefined;
    if (parameter.lostNumbers) lose(id, parameter.lostNumbers);
    if (!store || given === undefined) {
      take(parameter, property, given);
      continue;
    }
    fromStore.add(id);
    lookUps.push(
      lookUp(store, given, property, stores, job)
        .then((value) => take(parameter, property, value))
        .catch((error: unknown) => {
          if (job.signal.aborted) throw job.signal.reason;
          if (error instanceof LostNumbersError) lose(id, error.numbers);
          else unresolved.set(id, { path: id, message: messageOf(error), ...codeOf(error) });
        }),
    );
  }
  // Most jobs use no store; they need not wait.
  if (lookUps.length > 0) await Promise.all(lookUps);
  const complete = compileSchema(schema).complete(values);
  const faults = findFaults(schema, complete, hidden).filter(({ path }) => !unresolved.has(path));
  faults.push(...unresolved.values());
  if (faults.length > 0) throw new ParameterError(inOrder(faults, Object.keys(schema.properties)));
  return complete;
}

function codeOf(error: unknown): { code?: string } {
  return error instanceof McaiError && error.code !== "PARAMETERS_INVALID" ? { code: error.code } : {};
}

async function lookUp(
  store: string,
  given: unknown,
  property: TSchema,
  stores: Stores,
  job: Pick<Job, "signal">,
): Promise<unknown> {
  if (typeof given !== "string")
    throw new McaiError(
      "PARAMETERS_INVALID",
      `expected a key of store ${store}, which is a string, got ${describeValue(given)}`,
    );
  const found = await stores.read(store, given, job.signal, isSecret(property));
  if (holdsSecrets(store) || isSecret(property)) stores.keepSecret(found);
  // A password such as 12345 or true stays a string where the schema accepts a string.
  if (typeof found !== "string" || typebox().Check(property, found)) return found;
  let json: JsonText;
  try {
    json = new JsonText(found);
  } catch {
    return found;
  }
  const lost = json.lostNumbers();
  if (lost) throw new LostNumbersError(lost);
  return json.value;
}

function inOrder(faults: readonly ParameterFault[], ids: readonly string[]): ParameterFault[] {
  const rank = (fault: ParameterFault) => ids.indexOf(fault.path.split(/[.[]/)[0] ?? "");
  return [...faults].sort((a, b) => rank(a) - rank(b));
}

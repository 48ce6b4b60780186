import { describeValue, McaiError, messageOf } from "../errors.ts";
import type { Parameter } from "../order/order.ts";
import { type TObject, type TSchema, typebox } from "../schema/typebox.ts";
import type { Job } from "../worker/job.ts";
import { isSecret } from "../worker/secret.ts";
import { compileSchema } from "./compiled-schema.ts";
import { findFaults, ParameterError, type ParameterFault } from "./faults.ts";
import { holdsSecrets, type Stores } from "./store.ts";

/** Typed parameters, and which of their values must not be seen. */
export interface ResolvedParameters {
  readonly values: Record<string, unknown>;
  readonly secrets: readonly unknown[];
}

/**
 * Makes a job's parameters of an order's: value, else default, else the schema's default; a value with a store is the
 * key to look up there. Undeclared ones are ignored; of two with one id the last counts; nothing is coerced, but a text
 * from a store is read as JSON where the schema wants no text.
 *
 * @param base - Values that hold where the order gives none: those of the job that it updates.
 * @throws {ParameterError} With every fault, those of the stores too.
 * @throws The signal's reason, if it aborts.
 */
export async function resolveParameters(
  schema: TObject,
  parameters: readonly Parameter[],
  stores: Stores,
  job: Pick<Job, "signal">,
  base: Readonly<Record<string, unknown>> = {},
): Promise<ResolvedParameters> {
  const declared = new Map<string, Parameter>();
  for (const parameter of parameters)
    if (Object.hasOwn(schema.properties, parameter.id)) declared.set(parameter.id, parameter);
  const values: Record<string, unknown> = { ...base };
  const secrets: unknown[] = [];
  const unresolved = new Map<string, ParameterFault>();
  const fromStore = new Set<string>();
  const take = ({ id, store, value: given }: Parameter, property: TSchema, value: unknown) => {
    if (value !== undefined) values[id] = value;
    else if (given === null && !("default" in property) && !(id in base) && typebox().Check(property, null))
      values[id] = null;
    if (store) fromStore.add(id);
    if (isSecret(property) || (store && holdsSecrets(store))) secrets.push(value);
  };
  const lookUps: Promise<void>[] = [];
  for (const parameter of declared.values()) {
    const { id, store } = parameter;
    const property = schema.properties[id] as TSchema;
    const given = parameter.value ?? parameter.default ?? undefined;
    if (!store || given === undefined) {
      take(parameter, property, given);
      continue;
    }
    lookUps.push(
      lookUp(store, given, property, stores, job)
        .then((value) => take(parameter, property, value))
        .catch((error: unknown) => {
          if (job.signal.aborted) throw job.signal.reason;
          unresolved.set(id, { path: id, message: messageOf(error) });
        }),
    );
  }
  // Most jobs look nothing up, and what is not awaited costs them nothing.
  if (lookUps.length > 0) await Promise.all(lookUps);
  const complete = compileSchema(schema).complete(values);
  const hidden = (id: string) => fromStore.has(id) || isSecret(schema.properties[id] ?? {});
  const faults = findFaults(schema, complete, hidden).filter(({ path }) => !unresolved.has(path));
  faults.push(...unresolved.values());
  if (faults.length > 0) throw new ParameterError(inOrder(faults, Object.keys(schema.properties)));
  return { values: complete, secrets };
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
      `expected the key of store ${store} as value, which is a string, got ${describeValue(given)}`,
    );
  const found = await stores.read(store, given, job.signal);
  // A password such as 12345 or true stays the text that it is, where a text is wanted.
  if (typeof found !== "string" || typebox().Check(property, found)) return found;
  try {
    return JSON.parse(found);
  } catch {
    return found;
  }
}

function inOrder(faults: readonly ParameterFault[], ids: readonly string[]): ParameterFault[] {
  const rank = (fault: ParameterFault) => ids.indexOf(fault.path.split(/[.[]/)[0] ?? "");
  return [...faults].sort((a, b) => rank(a) - rank(b));
}

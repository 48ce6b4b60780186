import { expect } from "vitest";
import { McaiError } from "../../src/errors.ts";
import { decodeOrder } from "../../src/order/decode.ts";
import type { OrderOf, Parameter } from "../../src/order/order.ts";
import type { readParameter } from "../../src/parameters/read-wire-parameter.ts";
import { resolveParameters } from "../../src/parameters/resolve.ts";
import { EnvironmentStores } from "../../src/parameters/store.ts";
import type { TObject } from "../../src/schema/typebox.ts";

export const never: { readonly signal: AbortSignal } = { signal: new AbortController().signal };
export const order = (message: string) => decodeOrder(Buffer.from(message)) as OrderOf<"job">;
export const given = (values: Record<string, unknown>): Parameter[] =>
  Object.entries(values).map(([id, value]) => ({ id, type: "string", store: null, value, default: null }));
/** Resolves the parameters of an order, and collects what must not be logged. */
export async function resolve(schema: TObject, parameters: Parameter[], env: Record<string, string> = {}) {
  const secrets: unknown[] = [];
  const stores = new EnvironmentStores(env, (secret) => secrets.push(secret));
  return { values: await resolveParameters(schema, parameters, stores, never), secrets };
}

export async function errorOf(promise: Promise<unknown>): Promise<McaiError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(McaiError);
  return error as McaiError;
}

export type Expected = { error?: { kind: string }; value?: unknown; parameters?: unknown };

export type WireType = Parameters<typeof readParameter>[2];

import type { Json } from "./capture.ts";

/** A list that may be truncated: the shorter list must be the beginning of the longer one. */
export class Beginning {
  readonly values: readonly Json[];

  constructor(values: readonly Json[]) {
    this.values = values;
  }
}

/** A value that a capture does not contain. It is equal to any value. */
export const unknown: unique symbol = Symbol("unknown");

/** The value of a field. */
export type Fact = Json | Beginning | typeof unknown;

/** Named items, of which several may have the same name: messages, deliveries, lines. */
export type Groups = Map<string, Map<string, Fact>[]>;

/** All facts of one scenario that are compared. */
export interface Facts {
  /** Values by the path of their field. */
  readonly fields: Map<string, Fact>;
  readonly groups: Groups;
  /** The order of messages; equal ones that follow each other once. */
  readonly order: readonly string[];
  /** Whether a part of the capture is missing. */
  readonly isCut: boolean;
  /** Whether some things of a name may stand in the missing part, where it has `count` of them otherwise. */
  readonly mayLack: (count: number) => boolean;
}

/** Adds one more thing of a name. */
export function addToGroup(groups: Groups, name: string, fields: Map<string, Fact>): void {
  const group = groups.get(name);
  if (group) group.push(fields);
  else groups.set(name, [fields]);
}

/** Writes each leaf of a value under its path; an empty list or object is a leaf too. */
export function flatten(value: Json, path: string, fields: Map<string, Fact>): void {
  if (Array.isArray(value) && value.length > 0) {
    for (const [index, one] of value.entries()) flatten(one, `${path}[${index}]`, fields);
  } else if (typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0) {
    for (const [key, one] of Object.entries(value)) flatten(one, `${path}.${key}`, fields);
  } else fields.set(path, value);
}

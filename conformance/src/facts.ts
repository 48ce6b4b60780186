import type { Json } from "./capture.ts";

/** A list that may have been cut off: the shorter one must begin the longer one. */
export class Beginning {
  readonly values: readonly Json[];

  constructor(values: readonly Json[]) {
    this.values = values;
  }
}

/** What a capture does not tell. It is equal to everything. */
export const unknown: unique symbol = Symbol("unknown");

/** What a field holds. */
export type Fact = Json | Beginning | typeof unknown;

/** Named things of which there may be several with the same name: messages, deliveries, lines. */
export type Groups = Map<string, Map<string, Fact>[]>;

/** All that is compared of one scenario. */
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

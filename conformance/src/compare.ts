import { brokerFacts } from "./broker-facts.ts";
import type { Capture } from "./capture.ts";
import { Beginning, type Fact, type Facts, unknown } from "./facts.ts";
import { localFacts } from "./local-facts.ts";

/** A field in which two captures of a scenario differ. */
export interface Difference {
  readonly scenario: string;
  readonly field: string;
  readonly reference: string;
  readonly ours: string;
}

/** Result of the comparison of one scenario. */
export interface Comparison {
  readonly scenario: string;
  /** All compared fields, including equal ones. */
  readonly fields: readonly string[];
  readonly differences: readonly Difference[];
}

/** Compares the captures of the reference and of ours of the same scenario. */
export function compare(reference: Capture, ours: Capture): Comparison {
  const read = reference.wire ? brokerFacts : localFacts;
  return new Comparer(reference.scenario, read(reference), read(ours)).run();
}

class Comparer {
  readonly #scenario: string;
  readonly #reference: Facts;
  readonly #ours: Facts;
  readonly #fields: string[] = [];
  readonly #differences: Difference[] = [];
  readonly #counts = new Map<string, number>();

  constructor(scenario: string, reference: Facts, ours: Facts) {
    this.#scenario = scenario;
    this.#reference = reference;
    this.#ours = ours;
  }

  run(): Comparison {
    this.#compareMaps("", this.#reference.fields, this.#ours.fields);
    this.#compareGroups();
    this.#compareOrder();
    return { scenario: this.#scenario, fields: this.#fields, differences: this.#differences };
  }

  #compareMaps(prefix: string, reference: Map<string, Fact>, ours: Map<string, Fact>): void {
    for (const field of new Set([...reference.keys(), ...ours.keys()]))
      if (!isBelowLeaf(reference, field) && !isBelowLeaf(ours, field))
        this.#compareField(`${prefix}${field}`, valueAt(reference, field), valueAt(ours, field));
  }

  #compareField(field: string, reference: Fact | undefined, ours: Fact | undefined): void {
    // In some scenarios it is random whether the reference has written or counted something.
    if (/^(destination|counted)\b/.test(field) && isNothing(reference)) return;
    this.#fields.push(field);
    if (isEqual(reference, ours)) return;
    this.#differences.push({ scenario: this.#scenario, field, reference: show(reference), ours: show(ours) });
  }

  // Their number is one field. Members are compared as far as both sides have them.
  #compareGroups(): void {
    const [reference, ours] = [this.#reference.groups, this.#ours.groups];
    for (const name of new Set([...reference.keys(), ...ours.keys()])) {
      const [theirs = [], own = []] = [reference.get(name), ours.get(name)];
      // A capture of ours is complete if this package made it, but not if only the scripts did.
      const isUnknown =
        theirs.length < own.length
          ? this.#reference.mayLack(theirs.length)
          : own.length < theirs.length && this.#ours.isCut;
      if (!isUnknown) this.#compareField(`${name}.count`, theirs.length, own.length);
      const both = Math.min(theirs.length, own.length);
      for (let i = 0; i < both; i++)
        this.#compareMaps(both === 1 ? `${name}.` : `${name}#${i + 1}.`, theirs[i] as Fields, own[i] as Fields);
      this.#counts.set(name.replace(/^\w+\[(.*)\]$/, "$1"), both);
    }
  }

  // Compares the order of the messages that both sides sent.
  #compareOrder(): void {
    const [reference, ours] = [this.#inBoth(this.#reference.order), this.#inBoth(this.#ours.order)];
    if (!this.#reference.isCut && !this.#ours.isCut) this.#compareField("order", reference, ours);
  }

  #inBoth(order: readonly string[]): string[] {
    const seen = new Map<string, number>();
    const isProgress = (token: string) => /job_progression|^Feedback/.test(token);
    const others = new Set([...this.#reference.order].filter((token) => this.#ours.order.includes(token)));
    const kept = order.filter((token) => {
      if (isProgress(token)) return others.has(token);
      const count = (seen.get(token) ?? 0) + 1;
      seen.set(token, count);
      return count <= (this.#counts.get(token) ?? 0);
    });
    return kept.filter((token, index) => token !== kept[index - 1]);
  }
}

type Fields = Map<string, Fact>;

// If only one side has an object, that is a single difference.
function isBelowLeaf(fields: Fields, field: string): boolean {
  for (let at = field.length - 1; at > 0; at--)
    if ((field[at] === "." || field[at] === "[") && fields.has(field.slice(0, at))) return true;
  return false;
}

// A field with fields below it exists in some form.
function valueAt(fields: Fields, field: string): Fact | undefined {
  const value = fields.get(field);
  if (value !== undefined) return value;
  for (const path of fields.keys())
    if (path.startsWith(field) && /^[.[]/.test(path.slice(field.length))) return "(an object or a list)";
  return undefined;
}

function isEqual(reference: Fact | undefined, ours: Fact | undefined): boolean {
  if (reference === unknown || ours === unknown) return true;
  if (!(reference instanceof Beginning || ours instanceof Beginning)) return same(reference, ours);
  const [a, b] = [listOf(reference), listOf(ours)];
  const length = Math.min(a.length, b.length);
  return reference !== undefined && ours !== undefined && same(a.slice(0, length), b.slice(0, length));
}

function isNothing(fact: Fact | undefined): boolean {
  return fact === undefined || fact === false || fact === 0;
}

function listOf(fact: Fact | undefined): readonly unknown[] {
  if (fact instanceof Beginning) return fact.values;
  return Array.isArray(fact) ? fact : [];
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function show(fact: Fact | undefined): string {
  if (fact === undefined) return "(absent)";
  if (typeof fact === "string") return fact;
  return fact instanceof Beginning ? `${JSON.stringify(fact.values)}…` : JSON.stringify(fact);
}

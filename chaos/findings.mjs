/**
 * One line of the report.
 * @typedef {object} Row
 * @property {number} scenario
 * @property {string} broker
 * @property {string} what
 * @property {unknown} expected
 * @property {unknown} measured
 * @property {boolean} ok
 */

/** What was expected and what was measured, of one scenario on one broker. */
export class Findings {
  /** @type {Row[]} */
  rows = [];
  #scenario;
  #broker;

  /**
   * @param {number} scenario
   * @param {string} broker
   */
  constructor(scenario, broker) {
    this.#scenario = scenario;
    this.#broker = broker;
  }

  /** @type {(what: string, expected: unknown, measured: unknown) => void} */
  equal(what, expected, measured) {
    this.#add(what, expected, measured, JSON.stringify(expected) === JSON.stringify(measured));
  }

  /** @type {(what: string, limit: number, measured: number, unit: string) => void} */
  atMost(what, limit, measured, unit) {
    const rounded = Math.round(measured * 100) / 100;
    this.#add(what, `≤ ${limit} ${unit}`, `${rounded} ${unit}`, measured <= limit);
  }

  /** @type {(what: string, limit: number, measured: number, unit: string) => void} */
  atLeast(what, limit, measured, unit) {
    const rounded = Math.round(measured * 100) / 100;
    this.#add(what, `≥ ${limit} ${unit}`, `${rounded} ${unit}`, measured >= limit);
  }

  /** @type {(what: string, pattern: RegExp, measured: string | undefined) => void} */
  matches(what, pattern, measured) {
    this.#add(what, String(pattern), measured, pattern.test(measured ?? ""));
  }

  /**
   * An informational value, without a threshold.
   * @type {(what: string, measured: unknown) => void}
   */
  counted(what, measured) {
    this.#add(what, "counted", measured, true);
  }

  /**
   * The scenario failed before its end.
   * @param {unknown} error
   */
  broken(error) {
    this.#add("runs to its end", "yes", (error instanceof Error && error.stack) || String(error), false);
  }

  /** @type {(what: string, expected: unknown, measured: unknown, ok: boolean) => void} */
  #add(what, expected, measured, ok) {
    const row = { scenario: this.#scenario, broker: this.#broker, what, expected, measured, ok };
    this.rows.push(row);
    console.log(
      `  ${ok ? "ok  " : "FAIL"} ${this.#scenario}. ${what}: expected ${show(expected)}, measured ${show(measured)}`,
    );
  }
}

/** @param {unknown} value */
const show = (value) => (typeof value === "string" ? value : String(JSON.stringify(value)));

/** @param {string} text */
const shorten = (text) => (text.length > 200 ? `${text.slice(0, 199)}…` : text);

/**
 * The rows as a table of Markdown.
 * @param {readonly Row[]} rows
 */
export function toTable(rows) {
  /** @param {unknown} value */
  const cell = (value) => shorten(show(value).split("\n")[0] ?? "").replaceAll("|", "\\|");
  const lines = rows.map(
    ({ scenario, broker, what, expected, measured, ok }) =>
      `| ${scenario} | ${broker} | ${what} | ${cell(expected)} | ${cell(measured)} | ${ok ? "yes" : "**no**"} |`,
  );
  return [
    "| scenario | broker | what | expected | measured | as expected |",
    "| --- | --- | --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}

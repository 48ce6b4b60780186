/** What was expected and what was measured, of one scenario on one broker. */
export class Findings {
  rows = [];
  #scenario;
  #broker;

  constructor(scenario, broker) {
    this.#scenario = scenario;
    this.#broker = broker;
  }

  equal(what, expected, measured) {
    this.#add(what, expected, measured, JSON.stringify(expected) === JSON.stringify(measured));
  }

  atMost(what, limit, measured, unit) {
    const rounded = Math.round(measured * 100) / 100;
    this.#add(what, `≤ ${limit} ${unit}`, `${rounded} ${unit}`, measured <= limit);
  }

  atLeast(what, limit, measured, unit) {
    const rounded = Math.round(measured * 100) / 100;
    this.#add(what, `≥ ${limit} ${unit}`, `${rounded} ${unit}`, measured >= limit);
  }

  matches(what, pattern, measured) {
    this.#add(what, String(pattern), measured, pattern.test(measured));
  }

  /** What is counted and has no right value. */
  counted(what, measured) {
    this.#add(what, "counted", measured, true);
  }

  /** The scenario could not go on. */
  broken(error) {
    this.#add("runs to its end", "yes", error.stack ?? String(error), false);
  }

  #add(what, expected, measured, ok) {
    const row = { scenario: this.#scenario, broker: this.#broker, what, expected, measured, ok };
    this.rows.push(row);
    console.log(
      `  ${ok ? "ok  " : "FAIL"} ${this.#scenario}. ${what}: expected ${show(expected)}, measured ${show(measured)}`,
    );
  }
}

const show = (value) => (typeof value === "string" ? value : JSON.stringify(value));

const shorten = (text) => (text.length > 200 ? `${text.slice(0, 199)}…` : text);

/** The rows as a table of Markdown. */
export function toTable(rows) {
  const cell = (value) => shorten(show(value).split("\n")[0]).replaceAll("|", "\\|");
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

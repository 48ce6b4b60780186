import { expect } from "vitest";
import { readParameter } from "../../src/parameters/read-wire-parameter.ts";
import { EnvironmentStores } from "../../src/parameters/store.ts";
import { describeCases } from "../support/cases.ts";
import { type Expected, errorOf, never, type WireType } from "../support/parameters.ts";

// A value of each type of the reference. Reading it under the type name of the case returns it unchanged.
const samples: Record<string, unknown> = {
  String: "a",
  i64: 1,
  f64: 1.5,
  bool: true,
  "Vec<String>": ["a"],
  "Vec<MediaSegment>": [{ start: 0, end: 1 }],
  Requirement: { paths: ["/a"] },
};

describeCases<
  { rust_type?: string; type: WireType; value: unknown; store?: string | null; env?: Record<string, string> },
  Expected & { type?: string }
>("parameter_values.json", async ({ input, expected }) => {
  if (input.rust_type !== undefined) {
    const sample = samples[input.rust_type];
    const type = expected.type as WireType;
    expect(
      await readParameter(
        [{ id: "p", type, value: sample }],
        "p",
        type,
        new EnvironmentStores({}, () => undefined),
        never,
      ),
    ).toEqual(sample);
    return;
  }
  const parameter = { id: "p", type: input.type, store: input.store ?? null, value: input.value, default: null };
  const reading = readParameter(
    [parameter],
    "p",
    input.type,
    new EnvironmentStores(input.env ?? {}, () => undefined),
    never,
  );
  if (expected.error) expect(["PARAMETERS_INVALID", "STORE_FAILED"]).toContain((await errorOf(reading)).code);
  else expect(await reading).toEqual(expected.value);
});

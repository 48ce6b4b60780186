import fc from "fast-check";
import { Check } from "typebox/value";
import { describe, expect, expectTypeOf, it } from "vitest";
import { decodeOrder, maxOrderBytes, maxOrderDepth, OrderError } from "../../src/order/decode.ts";
import { type Order, type OrderOf, type OrderType, orderSchemas, type Parameter } from "../../src/order/order.ts";
import { describeCases } from "../support/cases.ts";

const decode = (message: unknown) =>
  decodeOrder(Buffer.from(typeof message === "string" ? message : JSON.stringify(message)));

function errorOf(message: unknown): OrderError {
  try {
    if (message instanceof Uint8Array) decodeOrder(message);
    else decode(message);
  } catch (error) {
    if (error instanceof OrderError) return error;
    throw error;
  }
  throw new Error("the message was accepted as an order");
}

describeCases<{ message: string }, { order: OrderType; job_id?: number; parameter_ids?: string[] }>(
  "orders.json",
  ({ input, expected }) => {
    const order = decode(input.message);
    expect(order.type).toBe(expected.order);
    if (expected.job_id !== undefined) expect(order).toMatchObject({ job_id: expected.job_id });
    if (expected.parameter_ids !== undefined)
      expect((order as OrderOf<"job">).parameters.map(({ id }) => id)).toEqual(expected.parameter_ids);
  },
);

describe("decodeOrder", () => {
  it("decodes a message after one that ends inside a character", () => {
    expect(errorOf(Uint8Array.of(0x22, 0xe2, 0x82)).message).toMatch(/not UTF-8/);
    expect(decode({ job_id: 71, parameters: [] })).toMatchObject({ job_id: 71 });
  });

  it("decodes a message without a type as a job, and sets absent fields to null", () => {
    expect(
      decode({ job_id: 71, parameters: [{ id: "a", type: "string", value: "b", unknown: 1 }], extra: true }),
    ).toEqual({
      type: "job",
      job_id: 71,
      parameters: [{ id: "a", type: "string", store: null, value: "b", default: null }],
    });
  });

  it("names the numbers that are not kept, of the value or of the default that is used", () => {
    const fields = [
      '"value":[1e400]',
      '"value":1,"default":1e400',
      '"value":null,"default":9007199254740993',
      '"value":1e22',
    ];
    const parameters = fields.map((field) => `{"id":"n","type":"integer",${field}}`);
    const order = decode(`{"job_id":71,"parameters":[${parameters.join()}]}`) as OrderOf<"job">;
    expect(order.parameters.map((one: Parameter) => one.lostNumbers)).toEqual([
      [{ keys: ["0"], text: "1e400" }],
      undefined,
      [{ keys: [], text: "9007199254740993" }],
      undefined,
    ]);
  });

  it("decodes all fourteen orders", () => {
    expect(Object.keys(orderSchemas)).toHaveLength(14);
    for (const [type, { required }] of Object.entries(orderSchemas)) {
      const fields = { type, job_id: 80, parameters: [] };
      const order = decode(fields);
      expect(Object.keys(order).sort()).toEqual([...required].sort());
      expect(order.type).toBe(type);
    }
  });

  it("ignores a byte order mark", () => {
    expect(decode('\ufeff{"type":"status"}')).toEqual({ type: "status" });
  });

  it("has static types", () => {
    expectTypeOf<OrderOf<"stop_worker">>().toEqualTypeOf<{ type: "stop_worker" }>();
    expectTypeOf<OrderOf<"add_to_black_list">["job_id"]>().toEqualTypeOf<number>();
    expectTypeOf<Extract<Order, { type: "job" }>["parameters"][number]["store"]>().toEqualTypeOf<
      string | null | undefined
    >();
  });
});

describe("decodeOrder with invalid input", () => {
  const deep = (levels: number) =>
    `{"job_id":1,"parameters":[{"id":"a","type":"b","value":${"[".repeat(levels)}${"]".repeat(levels)}}]}`;

  it.each<[string, string | Uint8Array, RegExp, number | undefined]>([
    ["is empty", "", /empty/, undefined],
    ["is not UTF-8", Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d), /not UTF-8/, undefined],
    ["is not JSON", "{not json", /not JSON/, undefined],
    ["is truncated", '{"job_id":1,"parameters":[', /not JSON/, undefined],
    ["is an array", "[]", /JSON object.*got array/, undefined],
    ["is null", "null", /got null/, undefined],
    ["is a number", "12", /got number/, undefined],
    ["is nested 10,000 levels deep", deep(10_000), /10003 levels deep; an order has at most 128/, undefined],
    ["has 64 MiB", Buffer.alloc(64 * 1024 * 1024, 0x20), /67108864 bytes; an order has at most 16777216/, undefined],
    [
      "has a string as job_id",
      '{"job_id":"1","parameters":[]}',
      /job_id: expected an integer.*got "1" \(string\)/,
      undefined,
    ],
    ["has a negative job_id", '{"job_id":-1,"parameters":[]}', /job_id.*got -1/, undefined],
    ["has a fractional job_id", '{"job_id":1.5,"parameters":[]}', /job_id.*got 1.5/, undefined],
    [
      "has a job_id that is too large",
      '{"job_id":18446744073709551615,"parameters":[]}',
      /job_id.*from 0 to 9007199254740991/,
      undefined,
    ],
    [
      "has a job_id that is not kept",
      '{"job_id":9007199254740993,"parameters":[]}',
      /job_id.*from 0 to 9007199254740991, got 9007199254740993$/,
      undefined,
    ],
    ["has no job_id", '{"parameters":[]}', /job_id.*got nothing/, undefined],
    ["has a job_id only in __proto__", '{"__proto__":{"job_id":5},"parameters":[]}', /job_id.*got nothing/, undefined],
    [
      "has the name of a property of Object.prototype as type",
      '{"type":"constructor","job_id":5}',
      /unknown order type "constructor"/,
      5,
    ],
    [
      "has an unknown type",
      '{"type":"dance","job_id":5,"parameters":[]}',
      /unknown order type "dance".*known types are job,/,
      5,
    ],
    ["has null as type", '{"type":null,"job_id":5,"parameters":[]}', /unknown order type null/, 5],
    ["has no parameters", '{"job_id":5}', /parameters: expected an array.*got nothing/, 5],
    ["has an object as parameters", '{"job_id":5,"parameters":{}}', /parameters: expected an array.*got object/, 5],
    ["has a string as parameter", '{"job_id":5,"parameters":["a"]}', /parameters\[0\]: expected an object/, 5],
    [
      "has a parameter without id",
      '{"job_id":5,"parameters":[{"type":"string"}]}',
      /parameters\[0\].id: expected a string/,
      5,
    ],
    [
      "has a parameter without type",
      '{"job_id":5,"parameters":[{"id":"a"}]}',
      /parameters\[0\].type: expected a string/,
      5,
    ],
    [
      "has a number as store",
      '{"job_id":5,"parameters":[{"id":"a","type":"b","store":1}]}',
      /parameters\[0\].store/,
      5,
    ],
  ])("rejects a message that %s", (_, message, text, jobId) => {
    const error = errorOf(message);
    expect(error.code).toBe("ORDER_INVALID");
    expect(error.message).toMatch(text);
    expect(error.jobId).toBe(jobId);
  });

  it("accepts a message at the limits", () => {
    expect(decode(deep(maxOrderDepth - 3))).toMatchObject({ job_id: 1 });
    expect(errorOf(deep(maxOrderDepth - 2)).message).toMatch(/129 levels/);
    const filler = " ".repeat(maxOrderBytes - '{"type":"status"}'.length);
    expect(decode(`{"type":"status"}${filler}`)).toEqual({ type: "status" });
  });

  it("does not count brackets inside a string as levels", () => {
    const value = `${"[{".repeat(500)}\\"]`;
    expect(decode(`{"job_id":1,"parameters":[{"id":"a","type":"string","value":"${value}"}]}`)).toMatchObject({
      job_id: 1,
    });
  });

  it("shows no text of the message, which may contain a secret", () => {
    expect(errorOf('{"job_id":1,"parameters":[{"id":"p","type":"string","value":"s3cret-9"},]}').message).not.toContain(
      "s3cret",
    );
    expect(errorOf('s3cret-9 {"job_id":1}').message).not.toContain("s3cret");
  });

  it("returns an order or throws an OrderError for any bytes", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          try {
            expect(orderSchemas).toHaveProperty(decodeOrder(bytes).type);
          } catch (error) {
            expect(error).toBeInstanceOf(OrderError);
          }
        },
      ),
    );
  });

  it("accepts exactly the messages that match the schemas", () => {
    const field = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.constant([]), fc.double(), fc.boolean());
    const parameter = fc.record(
      { id: field, type: field, store: field, value: field, default: field },
      { requiredKeys: [] },
    );
    const type = fc.constantFrom(...(Object.keys(orderSchemas) as OrderType[]));
    const message = fc.record(
      {
        type,
        job_id: fc.oneof(fc.nat(), field),
        parameters: fc.oneof(fc.array(parameter), field),
      },
      { requiredKeys: ["type"] },
    );
    fc.assert(
      fc.property(message, (candidate) => {
        const wire = JSON.parse(JSON.stringify(candidate)) as { type: OrderType };
        let taken = true;
        try {
          decode(wire);
        } catch {
          taken = false;
        }
        expect(taken).toBe(Check(orderSchemas[wire.type], wire));
      }),
      { numRuns: 1000 },
    );
  });
});

import { MediaSegments, Secret, type TObject, Type } from "@mcai/worker-sdk";
import { defineMediaWorker, MediaWorker } from "@mcai/worker-sdk-media";

/** The parameters of workers, by the name of the worker. Where `platform/src/twins.rs` has the same name, that is the twin in Rust. */
export const parametersOf: Readonly<Record<string, TObject>> = {
  texts: Type.Object({ source_path: Type.String(), note: Type.Optional(Type.String()) }),
  numbers: Type.Object({
    count: Type.Integer({ minimum: 0 }),
    ratio: Type.Number(),
    offset: Type.Optional(Type.Integer()),
    gain: Type.Optional(Type.Number({ maximum: Number.POSITIVE_INFINITY })),
  }),
  booleans: Type.Object({ flag: Type.Boolean(), maybe: Type.Optional(Type.Boolean()) }),
  defaults: Type.Object({
    count: Type.Integer({ default: 5 }),
    ratio: Type.Number({ default: 0.5 }),
    flag: Type.Boolean({ default: true }),
    language: Type.String({ default: "fr" }),
    offset: Type.Optional(Type.Integer({ default: -3 })),
    none: Type.Optional(Type.Integer({ default: null })),
  }),
  "lists of texts": Type.Object({
    source_paths: Type.Array(Type.String()),
    tags: Type.Optional(Type.Array(Type.String({ maxLength: 20 }), { minItems: 1 })),
    languages: Type.Array(Type.String(), { default: ["fr", "en"] }),
  }),
  segments: Type.Object({
    segments: MediaSegments(),
    excluded: Type.Optional(MediaSegments({ description: "What is left out" })),
    preview: MediaSegments({ default: [{ start: 0, end: 60_000 }] }),
  }),
  requirements: Type.Object({ requirements: Type.Object({ paths: Type.Array(Type.String()) }) }),
  "optional requirements": Type.Object({
    requirements: Type.Optional(Type.Object({ paths: Type.Optional(Type.Array(Type.String())) })),
  }),
  enums: Type.Object({
    mode: Type.Union([Type.Literal("Fast"), Type.Literal("Exact")]),
    fallback: Type.Optional(Type.Enum(["Fast", "Exact"])),
  }),
  "more enums": Type.Object({
    size: Type.Enum([1, 2, 4]),
    scale: Type.Union([Type.Literal(1), Type.Literal(0.5)], { default: 1 }),
    codec: Type.Union([Type.Literal("h264", { title: "AVC" }), Type.Literal("hevc")]),
    only: Type.Optional(Type.Literal("wav")),
    mixed: Type.Enum(["auto", 1]),
    nullable: Type.Union([Type.Literal("a"), Type.Null()]),
    languages: Type.Array(Type.Union([Type.Literal("fr"), Type.Literal("en")])),
  }),
  "other lists": Type.Object({
    integers: Type.Array(Type.Integer()),
    floats: Type.Array(Type.Number(), { description: "Gains in dB" }),
    flags: Type.Array(Type.Boolean()),
    tiles: Type.Array(Type.Object({ paths: Type.Array(Type.String()) })),
    rows: Type.Array(Type.Array(Type.String())),
    pair: Type.Tuple([Type.String(), Type.Number()]),
  }),
  "optional lists": Type.Object({
    integers: Type.Optional(Type.Array(Type.Integer())),
    tiles: Type.Array(Type.Object({ left: Type.Integer() }), { default: [] }),
  }),
  "lists with faults": Type.Object({
    texts: Type.Unsafe({ type: "array", items: { type: "string" }, default: ["a", 1] }),
    segments: Type.Unsafe({ ...MediaSegments(), default: ["0-10"] }),
    anything: Type.Unsafe({ type: "array" }),
    nullable: Type.Array(Type.Union([Type.String(), Type.Null()])),
  }),
  unions: Type.Object({
    value: Type.Union([Type.String(), Type.Number()]),
    optional: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())])),
    nullable: Type.Union([Type.String({ minLength: 1 }), Type.Null()]),
    texts: Type.Union([Type.Literal("auto"), Type.String({ pattern: "^\\d+$" })]),
    absent: Type.Union([Type.String(), Type.Undefined()]),
  }),
  objects: Type.Object({
    area: Type.Object({ left: Type.Integer(), top: Type.Integer({ default: 0 }) }),
    both: Type.Intersect([Type.Object({ a: Type.String() }), Type.Object({ b: Type.String() })]),
    eitherWay: Type.Optional(Type.Intersect([Type.Object({ a: Type.String() }), Type.Object({ b: Type.String() })])),
    crop: Type.Optional(Type.Object({ left: Type.Integer() }, { additionalProperties: false })),
  }),
  records: Type.Object({
    labels: Type.Record(Type.String(), Type.String()),
    limits: Type.Optional(Type.Record(Type.String(), Type.Number())),
  }),
  recursive: Type.Object({
    tree: Type.Cyclic(
      { Node: Type.Object({ name: Type.String(), children: Type.Array(Type.Ref("Node")) }) },
      "Node",
    ) as never,
    module: Type.Optional(
      Type.Module({ Leaf: Type.Object({ name: Type.String() }), Branch: Type.Array(Type.Ref("Leaf")) }).Branch,
    ),
  }),
  anything: Type.Object({
    value: Type.Any(),
    unknown: Type.Optional(Type.Unknown()),
    never: Type.Optional(Type.Never()),
    null: Type.Null(),
  }),
  "not in JSON": Type.Object({
    big: Type.BigInt({ minimum: 1n }),
    symbol: Type.Optional(Type.Symbol()),
    nothing: Type.Undefined(),
    call: Type.Function([Type.String()], Type.Void()),
  }),
  limits: Type.Object({
    long: Type.String({ maxLength: 2 ** 40, minLength: 0.5 }),
    many: Type.Optional(Type.Array(Type.String(), { maxItems: Number.MAX_SAFE_INTEGER })),
    wide: Type.Number({ maximum: 1e300, minimum: -1e300 }),
  }),
  patterns: Type.Object({
    code: Type.String({ pattern: /^[A-Z]+$/ }),
    address: Type.String({ format: "uri" }),
    frame: Type.TemplateLiteral([Type.Literal("frame-"), Type.Integer()]),
    emoji: Type.Optional(Type.String({ pattern: "[\ud800-\udbff]" })),
  }),
  titles: Type.Object(
    {
      source_path: Type.String({ title: "Source", description: "Where the file is" }),
      note: Type.Optional(Type.String({ title: "Note" })),
      segments: MediaSegments({ title: "Segments" }),
      token: Type.Optional(Secret({ description: "A key of the backend" })),
    },
    { title: "Parameters", description: "What the worker needs" },
  ),
  media: defineMediaWorker({
    parameters: Type.Object({ threshold: Type.Number() }),
    initProcess: () => ({ streams: [] }),
  }).parameters,
  splitter: Type.Object({
    source_path: Type.String(),
    requirements: Type.Object({ paths: Type.Array(Type.String()) }),
    count: Type.Integer({ default: 5, minimum: 1 }),
    excluded: Type.Optional(MediaSegments()),
    labels: Type.Optional(Type.Array(Type.String())),
  }),
  "written by hand": Type.Unsafe({
    type: "object",
    required: ["yes", "type"],
    properties: {
      yes: true,
      no: false,
      type: { const: "a" },
      one: { type: ["string"] },
      three: { type: ["string", "integer", "null"] },
      two: { type: ["string", "integer"], minLength: 2 },
      nullable: { type: ["null", "array"], items: { type: "integer" } },
      rules: { not: { const: 1 }, if: { type: "string" }, else: true },
      object: { type: "object", patternProperties: { "^x": { type: "string" } }, dependentRequired: { a: ["b"] } },
      tuple: { type: "array", prefixItems: [{ type: "string" }], items: false },
      old: { type: "string", required: true, examples: "a", deprecated: null },
    },
    additionalProperties: { type: "string" },
  }) as unknown as TObject,
  references: Type.Unsafe({
    type: "object",
    required: ["area"],
    properties: { area: { $ref: "#/$defs/Area" }, other: { $ref: "#/$defs/Area" }, segments: MediaSegments() },
    $defs: { Area: { type: "object", properties: { left: { type: "integer" } } } },
  }) as unknown as TObject,
  "names of keywords": Type.Object({
    type: Type.String(),
    enum: Type.Optional(Type.Integer()),
    required: Type.Optional(Type.Array(Type.String())),
    properties: Type.Object({ required: Type.Array(Type.String(), { default: [] }) }),
    definitions: Type.Optional(Type.Boolean()),
    ["__proto__"]: Type.Optional(Type.String()),
  }),
  depth: Type.Object({ deep: nest(200), shallow: Type.String() }),
  nothing: Type.Object({}),
};

class PortedWorker extends MediaWorker {
  initProcess() {
    return [];
  }

  processFrames() {}
}

/** The ported media worker, whose parameters its class adds. */
export const portedMediaWorker: MediaWorker = new PortedWorker(Type.Object({ filter: Type.Optional(Type.String()) }));

function nest(levels: number): TObject {
  let schema = Type.Object({ end: Type.String() });
  for (let level = 0; level < levels; level++) schema = Type.Object({ down: schema }) as never;
  return schema;
}

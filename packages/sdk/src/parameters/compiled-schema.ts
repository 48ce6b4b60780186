import { type TObject, typebox } from "../schema/typebox.ts";

/** What a schema is read for with every job, made once: read anew, a schema takes a hundred times as long. */
export interface CompiledSchema {
  /** Whether values fit the schema. */
  readonly fits: (values: unknown) => boolean;
  /** Puts the schema's defaults where the values have none. */
  readonly complete: (values: Record<string, unknown>) => Record<string, unknown>;
}

const known = new WeakMap<TObject, CompiledSchema>();

/** Compiles a schema, or gives what it was compiled to before. */
export function compileSchema(schema: TObject): CompiledSchema {
  let compiled = known.get(schema);
  if (!compiled) {
    const { Compile, Default } = typebox();
    const validator = Compile(schema);
    const complete: CompiledSchema["complete"] = (values) => Default(schema, values) as Record<string, unknown>;
    compiled = {
      fits: (values) => validator.Check(values),
      // The search for defaults takes longer than the check.
      complete: hasDefault(schema) ? complete : (values) => values,
    };
    known.set(schema, compiled);
  }
  return compiled;
}

function hasDefault(node: unknown): boolean {
  if (typeof node !== "object" || node === null) return false;
  return "default" in node || Object.values(node).some(hasDefault);
}

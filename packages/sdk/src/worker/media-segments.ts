import { type TArray, type TInteger, type TObject, Type } from "../schema/typebox.ts";

/** The schema of one segment of {@link MediaSegments}: two integers, in milliseconds. */
export type TMediaSegment = TObject<{ start: TInteger; end: TInteger }>;

// The name of this type in the platform's reader, which the description of the worker refers to.
const title = "MediaSegment";

/**
 * Creates the schema of a list of segments of a media file. `process` receives `{ start, end }[]`, in milliseconds. The
 * platform knows this type as `array_of_media_segments`, and its forms can fill it in; any other list of objects they
 * cannot.
 *
 * @param options - JSON Schema keywords of an array, such as `description` or `minItems`.
 * @returns The TypeBox schema.
 *
 * @example
 * ```ts
 * const parameters = Type.Object({ excluded: MediaSegments({ description: "What is left out", default: [] }) });
 * ```
 */
export function MediaSegments(options: Record<string, unknown> = {}): TArray<TMediaSegment> {
  const index = () => Type.Integer({ minimum: 0 });
  return Type.Array(Type.Object({ start: index(), end: index() }, { title }), options);
}

/** Whether a schema is that of the items of {@link MediaSegments}. */
export function isMediaSegment(schema: object): boolean {
  const { title: given, type, properties } = schema as { title?: unknown; type?: unknown; properties?: object };
  return (
    given === title &&
    type === "object" &&
    Object.keys(properties ?? {})
      .sort()
      .join() === "end,start"
  );
}

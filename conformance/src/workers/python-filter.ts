import type { Filter } from "@mcai/worker-sdk-media";

/** Parses a filter such as `scale=w=64:h=36`. */
export function toFilter(text: string, label?: string): Filter {
  const [name = text, ...rest] = text.split("=");
  const options = rest
    .join("=")
    .split(":")
    .filter(Boolean)
    .map((option) => option.split("="));
  const parameters = Object.fromEntries(options.map(([key = "", ...value]) => [key, value.join("=")]));
  return { name, ...(label !== undefined && { label }), parameters };
}

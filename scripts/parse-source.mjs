// Reads TypeScript for the checks: one parse for each file, whatever number of checks ask for it.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseSync } from "oxc-parser";

/**
 * A parsed source file.
 * @typedef {object} Source
 * @property {string} text
 * @property {import("oxc-parser").Program} program
 * @property {import("oxc-parser").Comment[]} comments
 * @property {import("oxc-parser").EcmaScriptModule} module
 */

/**
 * One import of another file of the same package.
 * @typedef {object} Import
 * @property {string} file the imported file
 * @property {"static" | "dynamic" | "type"} kind `type` if nothing is left of it at run time
 */

/** @type {Map<string, Source>} */
const sources = new Map();

/**
 * Parses a file, once.
 * @param {string} file
 * @returns {Source}
 */
export function parseSource(file) {
  let source = sources.get(file);
  if (!source) {
    const text = readFileSync(file, "utf8");
    const { program, comments, module, errors } = parseSync(file, text);
    if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
    source = { text, program, comments, module };
    sources.set(file, source);
  }
  return source;
}

/**
 * Lists the relative imports of a file: `import`, `export … from`, `import()` and the `import("…")` of types.
 * @param {string} file
 * @returns {Import[]}
 */
export function importsOf(file) {
  const { text, program, module } = parseSource(file);
  /** @type {Map<string, Import>} */
  const imports = new Map();
  /** @type {(request: string, kind: Import["kind"]) => void} */
  const add = (request, kind) => {
    if (!request.startsWith(".")) return;
    const imported = join(dirname(file), request);
    imports.set(`${kind} ${imported}`, { file: imported, kind });
  };
  for (const { moduleRequest, entries } of module.staticImports)
    add(moduleRequest.value, entries.length > 0 && entries.every(({ isType }) => isType) ? "type" : "static");
  for (const { entries } of module.staticExports)
    for (const { moduleRequest, isType } of entries)
      if (moduleRequest) add(moduleRequest.value, isType ? "type" : "static");
  // The parser gives the place of the argument of an import() only.
  for (const { moduleRequest } of module.dynamicImports)
    add(text.slice(moduleRequest.start + 1, moduleRequest.end - 1), "dynamic");
  walk(program, (node) => {
    if (node.type === "TSImportType" && node.source) add(node.source.value, "type");
  });
  return [...imports.values()];
}

/**
 * Calls a function with each node of a syntax tree, parents first.
 * @param {unknown} node
 * @param {(node: import("oxc-parser").Node) => void} visit
 */
export function walk(node, visit) {
  if (typeof node !== "object" || node === null) return;
  if (isNode(node)) visit(node);
  for (const child of Object.values(node)) walk(child, visit);
}

/** @type {(value: object) => value is import("oxc-parser").Node} */
function isNode(value) {
  return "type" in value && typeof value.type === "string";
}

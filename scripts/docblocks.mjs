import { dirname, join } from "node:path";
import { parseSource } from "./parse-source.mjs";

/**
 * Where a name comes from: a declaration of this file, another file, or another package.
 * @typedef {{ docblock: boolean } | { file: string, name: string } | "foreign"} Origin
 */

/**
 * What a module exports: names, and the modules of which it exports all names.
 * @typedef {{ exported: Map<string, Origin>, stars: string[] }} Exports
 */

/**
 * Lists the names that a module exports without a docblock at their declaration; re-exports are followed.
 * @param {string} file
 * @returns {string[]}
 */
export function undocumented(file) {
  const { exported, stars } = read(file);
  const own = [...exported.keys()].filter((name) => !isDocumented(file, name));
  return [...own, ...stars.flatMap(undocumented)];
}

/** @type {(file: string, name: string) => boolean} */
function isDocumented(file, name) {
  const { exported, stars } = read(file);
  const origin = exported.get(name);
  if (origin === undefined) return stars.some((star) => isDocumented(star, name));
  // What another package declares, it documents.
  if (origin === "foreign") return true;
  return "file" in origin ? isDocumented(origin.file, origin.name) : origin.docblock;
}

/** @type {Map<string, Exports>} */
const modules = new Map();

/** @param {string} file */
function read(file) {
  let module = modules.get(file);
  if (!module) {
    module = parse(file);
    modules.set(file, module);
  }
  return module;
}

/**
 * @param {string} file
 * @returns {Exports}
 */
function parse(file) {
  const { text, program, comments } = parseSource(file);
  const docblockEnds = comments.filter(({ type, value }) => type === "Block" && value.startsWith("*"));
  /** @param {{ start: number }} node */
  const hasDocblock = ({ start }) =>
    docblockEnds.some(({ end }) => end <= start && text.slice(end, start).trim() === "");
  /** @type {(source: { value: string }, name: string) => Origin} */
  const from = (source, name) =>
    source.value.startsWith(".") ? { file: join(dirname(file), source.value), name } : "foreign";

  /** @type {Map<string, Origin>} */
  const local = new Map();
  /** @type {Map<string, Origin>} */
  const exported = new Map();
  /** @type {string[]} */
  const stars = [];
  for (const statement of program.body) {
    const declaration = "declaration" in statement ? statement.declaration : statement;
    for (const name of declaredNames(declaration)) {
      // One name may be declared several times: overloads, or a value and its type.
      const before = local.get(name);
      const docblock =
        hasDocblock(statement) || (typeof before === "object" && "docblock" in before && before.docblock);
      local.set(name, { docblock });
    }
    if (statement.type !== "ImportDeclaration") continue;
    for (const specifier of statement.specifiers) {
      const imported = specifier.type === "ImportSpecifier" ? nameOf(specifier.imported) : "default";
      local.set(specifier.local.name, from(statement.source, imported));
    }
  }
  for (const statement of program.body) {
    if (statement.type === "ExportAllDeclaration" && statement.source.value.startsWith(".")) {
      if (statement.exported === null) stars.push(join(dirname(file), statement.source.value));
      else exported.set(nameOf(statement.exported), { docblock: hasDocblock(statement) });
    }
    if (statement.type !== "ExportNamedDeclaration") continue;
    for (const name of declaredNames(statement.declaration)) exported.set(name, local.get(name) ?? { docblock: false });
    for (const specifier of statement.specifiers) {
      const name = nameOf(specifier.local);
      const origin = statement.source ? from(statement.source, name) : (local.get(name) ?? { docblock: false });
      exported.set(nameOf(specifier.exported), origin);
    }
  }
  return { exported, stars };
}

/** @param {import("oxc-parser").ModuleExportName} name */
function nameOf(name) {
  return name.type === "Literal" ? name.value : name.name;
}

/**
 * @param {import("oxc-parser").Node | null} declaration
 * @returns {string[]}
 */
function declaredNames(declaration) {
  if (declaration?.type === "VariableDeclaration")
    return declaration.declarations.flatMap(({ id }) => (id.type === "Identifier" ? [id.name] : []));
  const declares = /^(Function|Class|TSInterface|TSTypeAlias|TSEnum|TSModule|TSDeclareFunction)/;
  if (!declaration || !declares.test(declaration.type) || !("id" in declaration)) return [];
  return declaration.id?.type === "Identifier" ? [declaration.id.name] : [];
}

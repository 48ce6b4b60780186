import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseSync } from "oxc-parser";

/** The names that a module exports without a docblock where they are declared; re-exports are followed. */
export function undocumented(file) {
  const { exported, stars } = read(file);
  const own = [...exported.keys()].filter((name) => !isDocumented(file, name));
  return [...own, ...stars.flatMap(undocumented)];
}

function isDocumented(file, name) {
  const { exported, stars } = read(file);
  const origin = exported.get(name);
  if (origin === undefined) return stars.some((star) => isDocumented(star, name));
  // What another package declares, it documents.
  return origin.foreign || origin.docblock || (origin.file !== undefined && isDocumented(origin.file, origin.name));
}

const modules = new Map();

function read(file) {
  if (!modules.has(file)) modules.set(file, parse(file));
  return modules.get(file);
}

// Each name leads to where it comes from: { docblock } of this file, { file, name } of another, or { foreign }.
function parse(file) {
  const text = readFileSync(file, "utf8");
  const { program, comments } = parseSync(file, text);
  const docblockEnds = comments.filter(({ type, value }) => type === "Block" && value.startsWith("*"));
  const hasDocblock = ({ start }) =>
    docblockEnds.some(({ end }) => end <= start && text.slice(end, start).trim() === "");
  const from = (source, name) =>
    source.value.startsWith(".") ? { file: join(dirname(file), source.value), name } : { foreign: true };

  const local = new Map();
  const exported = new Map();
  const stars = [];
  for (const statement of program.body) {
    for (const name of declaredNames(statement.declaration ?? statement)) {
      // One name may be declared several times: overloads, or a value and its type.
      const docblock = hasDocblock(statement) || (local.get(name)?.docblock ?? false);
      local.set(name, { docblock });
    }
    if (statement.type === "ImportDeclaration") {
      for (const { local: to, imported } of statement.specifiers) {
        local.set(to.name, from(statement.source, imported?.name ?? "default"));
      }
    }
  }
  for (const statement of program.body) {
    if (statement.type === "ExportAllDeclaration" && statement.source.value.startsWith(".")) {
      if (statement.exported === null) stars.push(from(statement.source).file);
      else exported.set(statement.exported.name, { docblock: hasDocblock(statement) });
    }
    if (statement.type !== "ExportNamedDeclaration") continue;
    for (const name of declaredNames(statement.declaration)) exported.set(name, local.get(name));
    for (const specifier of statement.specifiers) {
      const name = specifier.local.name;
      exported.set(specifier.exported.name, statement.source ? from(statement.source, name) : (local.get(name) ?? {}));
    }
  }
  return { exported, stars };
}

function declaredNames(declaration) {
  if (declaration?.type === "VariableDeclaration") return declaration.declarations.map(({ id }) => id.name);
  const declares = /^(Function|Class|TSInterface|TSTypeAlias|TSEnum|TSModule|TSDeclareFunction)/;
  return declares.test(declaration?.type) && declaration.id ? [declaration.id.name] : [];
}

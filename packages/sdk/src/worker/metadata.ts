import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeValue, McaiError } from "../errors.ts";
import { Version } from "../version.ts";

/**
 * The metadata of a worker. They are read from the nearest package.json with a `name`, in the folder of the module or
 * above. Options of {@link defineWorker} override each field.
 */
export interface WorkerMetadata {
  /** The name of the worker, which is also its label. A scope is kept (`@acme/subtitler`). */
  readonly name: string;
  /** A semantic version such as `1.4.0`. The backend accepts a changed parameter schema only with a new version. */
  readonly version: string;
  /** What the worker does. The backend requires that it is not empty. */
  readonly description: string;
  /** A shorter description, for lists. @default the description */
  readonly shortDescription: string;
  /**
   * An SPDX identifier or expression (`MIT OR Apache-2.0`), `SEE LICENSE IN <file>`, `Commercial` or `Private`.
   * `UNLICENSED` of npm becomes `Private`.
   */
  readonly license: string;
  /**
   * The authors, as `Name <address>`: `author` and `contributors` of the package.json, without blank ones. May be empty.
   */
  readonly authors: readonly string[];
  /** The address of the home page. */
  readonly homepage?: string | undefined;
  /** The address of the source repository. */
  readonly repository?: string | undefined;
  /** The owner: the field `organisation` of the package.json, which npm does not define. */
  readonly organisation?: string | undefined;
}

/**
 * Reads the metadata of the worker in a module, and applies the overrides of the worker.
 *
 * @throws {@link McaiError} `METADATA_INVALID` if a field is missing or invalid.
 */
export function readMetadata(moduleUrl: string, overrides: Partial<WorkerMetadata>): WorkerMetadata {
  const { file, fields } = findPackage(dirname(fileURLToPath(moduleUrl)));
  return toMetadata(fields, overrides, file);
}

/** Converts the fields of a package.json to metadata. `file` is its path for error messages. */
export function toMetadata(
  fields: Readonly<Record<string, unknown>>,
  overrides: Partial<WorkerMetadata>,
  file: string,
): WorkerMetadata {
  const wrong = (field: string, expected: string, got: unknown) => {
    const where = field in overrides ? `${field} of the worker` : `field "${field}" of ${file}`;
    return new McaiError("METADATA_INVALID", `${where}: expected ${expected}, got ${describeValue(got)}`);
  };
  const field = (name: keyof WorkerMetadata) => overrides[name] ?? fields[name];
  const text = (name: keyof WorkerMetadata, expected: string) => {
    const value = field(name);
    if (typeof value !== "string" || value.trim() === "") throw wrong(name, expected, value);
    return value;
  };
  const optional = (name: "homepage" | "organisation") =>
    field(name) === undefined ? undefined : text(name, "a non-empty string");

  const version = text("version", "a version such as 1.4.0");
  if (Version.parse(version) === undefined)
    throw wrong("version", "a semantic version (semver.org) such as 1.4.0", version);
  const license = text("license", licenses);
  if (!isLicense(license)) throw wrong("license", licenses, license);
  const description = text("description", "what the worker does");
  const repository = overrides.repository ?? fields.repository;
  const repositoryUrl = isRecord(repository) ? repository.url : repository;
  if (repositoryUrl !== undefined && typeof repositoryUrl !== "string")
    throw wrong("repository", "a URL, or an object with a url", repository);
  return {
    name: text("name", "the worker's name"),
    version,
    description,
    shortDescription: overrides.shortDescription ?? description,
    license: license === "UNLICENSED" ? "Private" : license,
    authors: overrides.authors ?? readAuthors(fields, wrong),
    homepage: optional("homepage"),
    repository: repositoryUrl?.replace(/^git\+/, ""),
    organisation: optional("organisation"),
  };
}

const licenses =
  "an SPDX identifier such as MIT, an expression such as MIT OR Apache-2.0, SEE LICENSE IN <file>, Commercial, or Private";

// With require, because Node.js 20 prints a warning when JSON is imported.
function isLicense(license: string): boolean {
  const require = createRequire(import.meta.url);
  if (["Commercial", "Private", "UNLICENSED"].includes(license) || /^SEE LICENSE IN \S/.test(license)) return true;
  if ([...require("spdx-license-ids"), ...require("spdx-license-ids/deprecated.json")].includes(license)) return true;
  // Most workers have one licence, so that the parser of expressions is not loaded.
  try {
    (require("spdx-expression-parse") as (expression: string) => unknown)(license);
    return true;
  } catch {
    return false;
  }
}

function readAuthors(
  fields: Readonly<Record<string, unknown>>,
  wrong: (field: string, expected: string, got: unknown) => McaiError,
): string[] {
  const contributors = fields.contributors ?? [];
  if (!Array.isArray(contributors)) throw wrong("contributors", "an array of people", contributors);
  const people: unknown[] = fields.author === undefined ? contributors : [fields.author, ...contributors];
  const names = people.map((person) => {
    if (typeof person === "string") return person;
    if (isRecord(person) && typeof person.name === "string") return toPerson(person.name, person.email);
    throw wrong("author", 'a string or {"name":"…"}', person);
  });
  // `npm init -y` writes an empty author.
  return names.filter((name) => name.trim() !== "");
}

function toPerson(name: string, email: unknown): string {
  if (typeof email !== "string") return name;
  return name.trim() === "" ? email : `${name} <${email}>`;
}

function findPackage(start: string): { file: string; fields: Record<string, unknown> } {
  for (let folder = start; ; folder = dirname(folder)) {
    const file = join(folder, "package.json");
    const fields = readPackage(file);
    // A package.json without a name, as in dist/esm, only sets the module type of a folder.
    if (fields !== undefined && fields.name !== undefined) return { file, fields };
    if (folder === dirname(folder))
      throw new McaiError(
        "METADATA_INVALID",
        `no package.json with a "name" was found in ${start} or a folder above it`,
      );
  }
}

function readPackage(file: string): Record<string, unknown> | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new McaiError("METADATA_INVALID", `${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
  try {
    const fields: unknown = JSON.parse(text);
    if (isRecord(fields)) return fields;
  } catch (cause) {
    throw new McaiError("METADATA_INVALID", `${file} is not JSON: ${(cause as Error).message}`, { cause });
  }
  throw new McaiError("METADATA_INVALID", `${file}: expected an object`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

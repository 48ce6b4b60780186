import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeValue, McaiError } from "../errors.ts";
import { Version } from "../version.ts";

/**
 * What a worker says of itself. Read from the package.json that is nearest above the worker's module and has a `name`;
 * each field can be overridden in {@link defineWorker}.
 */
export interface WorkerMetadata {
  /** The worker's name, also its label; a scope is kept (`@acme/subtitler`). */
  readonly name: string;
  /** A version by semver.org, such as `1.4.0`. The backend takes a changed parameter schema only with a new version. */
  readonly version: string;
  /** What the worker does; not empty, the backend needs it. */
  readonly description: string;
  /** A shorter text for lists. @default the description */
  readonly shortDescription: string;
  /** An SPDX identifier, `Commercial` or `Private` (npm's `UNLICENSED` is `Private`). */
  readonly license: string;
  /** Who wrote it, as `Name <address>`: `author` and `contributors` of the package.json. May be empty. */
  readonly authors: readonly string[];
  /** The worker's page. */
  readonly homepage?: string | undefined;
  /** Where its sources are. */
  readonly repository?: string | undefined;
  /** Whose it is: `organisation` of the package.json, which npm does not know. */
  readonly organisation?: string | undefined;
}

/** Reads the metadata of the worker whose module has this URL, with the worker's own fields laid over it. */
export function readMetadata(moduleUrl: string, overrides: Partial<WorkerMetadata>): WorkerMetadata {
  const { file, fields } = findPackage(dirname(fileURLToPath(moduleUrl)));
  return toMetadata(fields, overrides, file);
}

/** Makes metadata of the fields of a package.json; `file` names them in errors. */
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
    field(name) === undefined ? undefined : text(name, "a text that is not empty");

  const version = text("version", "a version such as 1.4.0");
  if (Version.parse(version) === undefined) throw wrong("version", "a version by semver.org, such as 1.4.0", version);
  const license = text("license", "an SPDX identifier, Commercial or Private");
  if (!isLicense(license)) throw wrong("license", "an SPDX identifier such as MIT, or Commercial, or Private", license);
  const description = text("description", "what the worker does");
  const repository = overrides.repository ?? fields.repository;
  const repositoryUrl = isRecord(repository) ? repository.url : repository;
  if (repositoryUrl !== undefined && typeof repositoryUrl !== "string")
    throw wrong("repository", "an address, or an object with one as url", repository);
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

// By require, because importing JSON prints a warning on Node 20.
function isLicense(license: string): boolean {
  const require = createRequire(import.meta.url);
  if (["Commercial", "Private", "UNLICENSED"].includes(license)) return true;
  return [...require("spdx-license-ids"), ...require("spdx-license-ids/deprecated.json")].includes(license);
}

function readAuthors(
  fields: Readonly<Record<string, unknown>>,
  wrong: (field: string, expected: string, got: unknown) => McaiError,
): string[] {
  const contributors = fields.contributors ?? [];
  if (!Array.isArray(contributors)) throw wrong("contributors", "a list of people", contributors);
  const people: unknown[] = fields.author === undefined ? contributors : [fields.author, ...contributors];
  return people.map((person) => {
    if (typeof person === "string") return person;
    if (isRecord(person) && typeof person.name === "string")
      return typeof person.email === "string" ? `${person.name} <${person.email}>` : person.name;
    throw wrong("author", 'a text or {"name":"…"}', person);
  });
}

function findPackage(start: string): { file: string; fields: Record<string, unknown> } {
  for (let folder = start; ; folder = dirname(folder)) {
    const file = join(folder, "package.json");
    const fields = readPackage(file);
    // A package.json without a name only says how a folder is to be read, as in dist/esm.
    if (fields !== undefined && fields.name !== undefined) return { file, fields };
    if (folder === dirname(folder))
      throw new McaiError("METADATA_INVALID", `no package.json with a "name" was found in ${start} or above it`);
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

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readMetadata, toMetadata } from "../../src/worker/metadata.ts";
import { probeConfiguration, probeFields } from "../support/probe-worker.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mcai-description-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("metadata", () => {
  it("comes from the nearest package.json that has a name, and keeps the scope of the name", async () => {
    const module = join(folder, "worker", "dist", "esm");
    await mkdir(module, { recursive: true });
    await writeFile(join(folder, "worker", "dist", "package.json"), '{"type":"module"}');
    const repository = { type: "git", url: "git+https://example.org/probe.git" };
    const people = { author: "A. Dev", contributors: [{ name: "B. Dev", email: "b@example.org" }] };
    await writeFile(
      join(folder, "worker", "package.json"),
      JSON.stringify({ ...probeFields, repository, ...people, homepage: "https://example.org" }),
    );
    expect(readMetadata(pathToFileURL(join(module, "worker.js")).href, {})).toEqual({
      name: "@acme/probe",
      version: "1.4.0",
      description: "Reads media",
      shortDescription: "Reads media",
      license: "MIT",
      authors: ["A. Dev", "B. Dev <b@example.org>"],
      homepage: "https://example.org",
      repository: "https://example.org/probe.git",
      organisation: undefined,
    });
  });

  it("can be overridden field by field", () => {
    const overrides = {
      name: "other",
      license: "Commercial",
      organisation: "Acme",
      shortDescription: "Reads",
      authors: [],
    };
    expect(toMetadata(probeFields, overrides, "package.json")).toMatchObject({ version: "1.4.0", ...overrides });
  });

  it("maps npm's UNLICENSED to Private, and accepts deprecated SPDX identifiers", () => {
    expect(probeConfiguration({ license: "UNLICENSED" }).license).toBe("Private");
    expect(probeConfiguration({ license: "GPL-3.0" }).license).toBe("GPL-3.0");
  });

  it.each([
    "MIT OR Apache-2.0",
    "(MIT AND BSD-3-Clause) OR GPL-3.0-only WITH Classpath-exception-2.0",
    "GPL-2.0+",
    "LicenseRef-Acme",
    "SEE LICENSE IN LICENSE.md",
    "SEE LICENSE IN the file LICENSE",
  ])("keeps the licence %s as it stands", (license) => expect(probeConfiguration({ license }).license).toBe(license));

  it.each(["MIT OR", "mit", "MIT OR Nonsense-9", "(MIT", "SEE LICENSE IN ", "SEE LICENSE", "(".repeat(100_000)])(
    "refuses the licence of case %#",
    (license) =>
      expect(() => toMetadata({ ...probeFields, license }, {}, "p")).toThrow(/^field "license" of p: expected/),
  );

  it.each<[Record<string, unknown>, string[]]>([
    [{ author: "" }, []],
    [{ author: " ", contributors: ["", { name: "" }, "B. Dev"] }, ["B. Dev"]],
    [{ author: { name: " ", email: "a@example.org" } }, ["a@example.org"]],
  ])("has no blank authors: %j", (people, authors) =>
    expect(toMetadata({ ...probeFields, ...people }, {}, "p").authors).toEqual(authors),
  );

  it.each<[string, Record<string, unknown>, RegExp]>([
    [
      "a missing version",
      { version: undefined },
      /^field "version" of \/p\/package.json: expected a version such as 1.4.0, got nothing$/,
    ],
    [
      "an invalid version",
      { version: "1.4" },
      /^field "version" of \/p\/package.json: expected a semantic version.*got "1.4"/,
    ],
    ["an empty description", { description: "  " }, /^field "description" of/],
    [
      "an invalid licence",
      { license: "BSD" },
      /^field "license".*SPDX identifier such as MIT, .*Commercial, or Private, got "BSD"/,
    ],
    ["an invalid author", { author: 5 }, /^field "author".*got 5/],
    ["an invalid repository", { repository: { url: 1 } }, /^field "repository"/],
  ])("that has %s is rejected with the field and the file", (_, wrong, text) => {
    expect(() => toMetadata({ ...probeFields, ...wrong }, {}, "/p/package.json")).toThrow(text);
  });

  it("that is overridden with an invalid value is rejected", () => {
    expect(() => toMetadata(probeFields, { version: "x" }, "/p/package.json")).toThrow(/^version of the worker: /);
  });

  it("that is not found or is not JSON is rejected with the path", async () => {
    await writeFile(join(folder, "package.json"), "{");
    expect(() => readMetadata(pathToFileURL(join(folder, "worker.js")).href, {})).toThrow(/package\.json is not JSON/);
    await rm(join(folder, "package.json"));
    expect(() => readMetadata("file:///no/such/worker.js", {})).toThrow(
      /no package.json with a "name" was found in \/no\/such/,
    );
  });
});

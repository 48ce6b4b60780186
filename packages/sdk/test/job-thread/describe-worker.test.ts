import { expect, it } from "vitest";
import { describeWorker } from "../../src/job-thread/describe-worker.ts";
import { Type } from "../../src/schema/typebox.ts";
import { type AnyWorker, defineWorker } from "../../src/worker/define-worker.ts";
import { toMetadata } from "../../src/worker/metadata.ts";

const fields = { name: "@acme/probe", version: "1.4.0", description: "Reads media", license: "MIT" };

it("describeWorker does not list a parameter with a default as required", () => {
  const area = Type.Object({ top: Type.Integer({ default: 0 }), left: Type.Integer() });
  const parameters = Type.Object({ source_path: Type.String(), count: Type.Integer({ default: 1 }), area });
  const { parameters: described } = describeWorker(
    defineWorker({ parameters, process: () => undefined }) as AnyWorker,
    toMetadata(fields, {}, "package.json"),
  );
  expect(described).toMatchObject({ required: ["source_path", "area"], properties: { area: { required: ["left"] } } });
  const all = Type.Object({ count: Type.Integer({ default: 1 }) });
  const optional = defineWorker({ parameters: all, process: () => undefined }) as AnyWorker;
  const { parameters: none } = describeWorker(optional, toMetadata(fields, {}, "package.json"));
  expect(none).not.toHaveProperty("required");
});

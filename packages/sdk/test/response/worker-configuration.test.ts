import { describe, expect, it } from "vitest";
import { describeCases } from "../support/cases.ts";
import { probeConfiguration } from "../support/probe-worker.ts";

describeCases<
  { license?: string; organisation?: string | null; versions?: string[]; media?: boolean },
  { license_json?: string; organisation?: string | null; accepted?: boolean }
>(
  "worker_configuration.json",
  ({ input, expected }) => {
    if (input.license !== undefined) {
      const wire = probeConfiguration({ license: input.license, organisation: input.organisation ?? undefined });
      expect(wire.license).toBe(expected.license_json);
      expect(wire.organisation ?? null).toBe(expected.organisation);
    }
    for (const version of input.versions ?? []) {
      const make = () => probeConfiguration({ version });
      if (expected.accepted) expect(make().version).toBe(version);
      else expect(make).toThrow(/version/);
    }
  },
  ({ input }) => !input.media,
);

describe("the configuration of a worker", () => {
  it("has the fields of the protocol, without those that are not set", () => {
    expect(probeConfiguration()).toEqual({
      instance_id: "4f2a90c1d7be",
      queue_name: "job_probe",
      name: "@acme/probe",
      label: "@acme/probe",
      direct_messaging_queue_name: "direct_messaging_x",
      description: "Reads media",
      short_description: "Reads media",
      version: "1.4.0",
      sdk_version: "2.2.1",
      license: "MIT",
      parameters: { $schema: "https://json-schema.org/draft/2020-12/schema", type: "object", properties: {} },
    });
  });
});

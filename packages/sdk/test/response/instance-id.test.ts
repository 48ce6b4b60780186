import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { findContainerId, readInstanceId } from "../../src/response/instance-id.ts";
import { describeCases } from "../support/cases.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mcai-instance-"));
});
afterAll(() => rm(folder, { recursive: true }));

describeCases<
  { files?: Record<string, string>; cgroup?: string },
  { instance_id?: string; container_id?: string | null }
>("instance_ids.json", async ({ id, input, expected }) => {
  if (input.cgroup !== undefined) {
    expect(findContainerId(input.cgroup) ?? null).toBe(expected.container_id?.slice(0, 12) ?? null);
    return;
  }
  const files = await Promise.all(
    ["cgroup", "mountinfo"].map(async (name) => {
      const file = join(folder, `${id}-${name}`);
      const text = input.files?.[name];
      if (text !== undefined) await writeFile(file, text);
      return file;
    }),
  );
  expect(readInstanceId(files)).toBe(expected.instance_id);
});

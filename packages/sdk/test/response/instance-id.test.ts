import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  claimContainerId,
  findContainerId,
  findContainerIdInMounts,
  readContainerId,
} from "../../src/response/instance-id.ts";
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
  const [cgroup, mountinfo] = await Promise.all(
    ["cgroup", "mountinfo"].map(async (name) => {
      const file = join(folder, `${id}-${name}`);
      const text = input.files?.[name];
      if (text !== undefined) await writeFile(file, text);
      return file;
    }),
  );
  expect(readContainerId({ cgroup: cgroup ?? "", mountinfo: mountinfo ?? "" })).toBe(expected.instance_id);
});

const [own, other] = ["a".repeat(64), "b".repeat(64)];
const mount = (root: string, point: string) => `700 650 8:1 ${root} ${point} rw,relatime - ext4 /dev/sda1 rw`;

describe("the mounts of a process", () => {
  it.each<[what: string, lines: string[], id: string | undefined]>([
    [
      "of a machine with containers",
      [
        mount("/", `/var/lib/docker/containers/${other}/mounts/shm`),
        mount(`/var/lib/docker/containers/${other}/mounts/shm`, `/var/lib/docker/containers/${other}/mounts/shm`),
        mount("/overlay", `/var/lib/containers/storage/overlay-containers/${other}/userdata/shm`),
      ],
      undefined,
    ],
    [
      "of a container that shows others",
      [
        mount(`/var/lib/docker/containers/${other}/hostname`, "/host/etc/hostname"),
        mount(`/var/lib/docker/containers/${other}`, `/var/lib/docker/containers/${other}`),
        mount(`/var/lib/docker/containers/${own}/hostname`, "/etc/hostname"),
      ],
      own,
    ],
    [
      "of a container with a hosts file of its own",
      [mount("/home/me/hosts", "/etc/hosts"), mount(`/docker/containers/${own}/resolv.conf`, "/etc/resolv.conf")],
      own,
    ],
    [
      "of a container within a container",
      [
        mount(`/var/lib/docker/containers/${other}/hostname`, "/etc/hostname"),
        mount(`/docker/containers/${other}/volume/containers/${own}/hostname`, "/etc/hostname"),
      ],
      own,
    ],
  ])("%s", (_, lines, id) => expect(findContainerIdInMounts(lines.join("\n"))).toBe(id?.slice(0, 12)));
});

describe("the cgroup of a process", () => {
  it("has the innermost container", () =>
    expect(findContainerId(`0::/docker/${other}/docker/${own}\n`)).toBe(own.slice(0, 12)));

  it("has none outside of containers", () =>
    expect(findContainerId("0::/user.slice/user-1000.slice/session-2.scope\n")).toBeUndefined());
});

describe.runIf(process.platform === "linux")("claimContainerId", () => {
  it("gives an id to one claimant only", async () => {
    const id = crypto.randomUUID();
    expect(await Promise.all([claimContainerId(id), claimContainerId(id), claimContainerId(`${id}-2`)])).toEqual([
      true,
      false,
      true,
    ]);
  });
});

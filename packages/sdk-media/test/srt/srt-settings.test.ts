import { readFileSync } from "node:fs";
import { join } from "node:path";
import { McaiError } from "@mcai/worker-sdk";
import { describe, expect, it } from "vitest";
import { logIdleVariables, readSrtSettings } from "../../src/srt/srt-settings.ts";

const number = (takes: string[], refuses: string[]) => ({ takes, refuses });

/** Every variable that is read when a job uses SRT. */
const table: Readonly<Record<string, { takes: string[]; refuses: string[] }>> = {
  SRT_TIMEOUT_LIMIT: number(["1", "2147483647"], ["0", "2147483648"]),
  SRT_LATENCY: number(["0", "60000"], ["60001", "-1"]),
  SRT_TOO_LATE_PACKET_DROP: {
    takes: ["1", "TRUE", " yes ", "On", "0", "false", "no", "off"],
    refuses: ["2", "enabled", "required"],
  },
  SRT_DROP_THRESHOLD_COEFF_PERCENTAGE: number(["100", "10000"], ["99", "10001"]),
};
const withoutEffect = ["FFMPEG_TTL_LIMIT", "COMPLEX_STREAM"];

const hostile = [
  "   ",
  "TrUe-iSh",
  "x".repeat(100_000),
  "5\n",
  "a\u001b[31mb",
  "a\u202eb",
  "a\ud800b",
  "٥",
  "名前",
  " 5",
  "1e3",
];

describe("the variables of SRT", () => {
  it("are those of docs/configuration.md", () => {
    const read: string[] = [];
    readSrtSettings(new Proxy({}, { get: (_, name) => void read.push(String(name)) }));
    expect(read.sort()).toEqual(Object.keys(table).sort());
    const page = readFileSync(join(import.meta.dirname, "../../../../docs/configuration.md"), "utf8");
    const section = page.split("\n## SRT\n")[1]?.split("\n## ")[0] ?? "";
    const documented = section.match(/(?<=^\| `)[A-Z_]+(?=`)/gm);
    expect(documented?.sort()).toEqual([...Object.keys(table), ...withoutEffect].sort());
  });

  it.each(Object.entries(table))(
    "%s is as if unset when it is empty, and has named errors",
    (name, { takes, refuses }) => {
      expect(readSrtSettings({ [name]: "" })).toEqual(readSrtSettings({}));
      for (const value of takes) readSrtSettings({ [name]: value });
      for (const value of [...hostile, ...refuses]) {
        let error: unknown;
        try {
          readSrtSettings({ [name]: value });
        } catch (thrown) {
          error = thrown;
        }
        expect(error, value.slice(0, 40)).toBeInstanceOf(McaiError);
        const { code, message } = error as McaiError;
        expect(code).toBe("ENVIRONMENT_INVALID");
        expect(message).toMatch(new RegExp(`^${name}: expected [^\\p{C}]{1,150}$`, "u"));
      }
    },
  );

  it("without effect are said once, without their values", () => {
    const lines: string[] = [];
    const log = { debug() {}, info: (line: string) => void lines.push(line), warn() {}, error() {} };
    for (const name of withoutEffect) process.env[name] = "a\u001b[31mb";
    for (let i = 0; i < 2; i++) logIdleVariables(log);
    for (const name of withoutEffect) delete process.env[name];
    expect(lines).toEqual(
      withoutEffect.map((name) => expect.stringMatching(new RegExp(`^${name} is set but[^\\p{C}]*$`, "u"))),
    );
  });
});

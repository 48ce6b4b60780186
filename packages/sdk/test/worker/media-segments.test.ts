import { expect, expectTypeOf, it } from "vitest";
import { defineWorker, MediaSegments, type Static, Type } from "../../src/index.ts";
import { runJob } from "../../src/testing.ts";

const parameters = Type.Object({ cuts: MediaSegments({ minItems: 1 }), more: Type.Optional(MediaSegments()) });

it("MediaSegments is a list of starts and ends", async () => {
  expectTypeOf<Static<typeof parameters>["cuts"]>().toEqualTypeOf<{ start: number; end: number }[]>();
  const worker = defineWorker({
    parameters,
    process: ({ cuts }) => ({ parameters: { lengthMs: cuts.reduce((sum, { start, end }) => sum + end - start, 0) } }),
  });
  const cuts = [
    { start: 0, end: 10 },
    { start: 30, end: 45 },
  ];
  expect(await runJob(worker, { cuts })).toMatchObject({ status: "completed", parameters: { lengthMs: 25 } });
  const wrong = await runJob(worker, { cuts: [], more: [{ start: 0.5 } as never] });
  expect(wrong.message).toMatch(/^cuts: .*\nmore\[0\]\.end: is missing, expected integer\nmore\[0\]\.start: /s);
});

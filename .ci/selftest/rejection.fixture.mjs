import { test } from "vitest";

test("leaves a rejection behind", () => {
  queueMicrotask(async () => {
    throw new Error("nobody awaits this");
  });
});

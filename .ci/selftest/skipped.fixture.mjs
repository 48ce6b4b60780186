import { test } from "vitest";

test("passes", () => {});
test("is skipped", (ctx) => ctx.skip("the reason given"));

import { join } from "node:path";
import { expect, it } from "vitest";
import { checkConformance, isPassed, report } from "../src/conformance.ts";
import { missingMaterial, shared } from "../src/paths.ts";
import { ToolMissing } from "../src/tools.ts";

// One fast scenario of each kind; `pnpm conformance` compares all.
const fast = [
  ...["topology_core", "topology_core_cluster", "core_start", "core_job_progress", "core_job_completed"],
  ...["core_job_raise", "core_bad_json_then_job", "core_status_idle", "core_init_start", "core_job_stop"],
  ...["core_stop_worker", "core_x_death_over", "media_start", "media_init_start", "describe_core_queue"],
];

it("does on the wire what the reference does", async (ctx) => {
  const missing = missingMaterial();
  if (missing !== undefined) return ctx.skip(missing);
  const golden = join(shared, "golden");
  try {
    const outcome = await checkConformance({ golden, parallel: 3, wants: (scenario) => fast.includes(scenario) });
    expect(isPassed(outcome), report(outcome)).toBe(true);
  } catch (error) {
    if (!(error instanceof ToolMissing) || process.env.CI) throw error;
    ctx.skip(error.message);
  }
}, 180_000);

import { writeFileSync } from "node:fs";

/**
 * What ran, for gate.mjs.
 * @typedef {{ passed: number, failed: number, skipped: string[] }} Report
 */

/** A vitest reporter that writes what ran to the file named by GATE_REPORT. */
export default class GateReporter {
  #filtered = false;

  /** @param {import("vitest/node").Vitest} vitest */
  onInit(vitest) {
    this.#filtered = vitest.config.testNamePattern !== undefined;
  }

  /**
   * @param {readonly import("vitest/node").TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    /** @type {Report} */
    const report = { passed: 0, failed: unhandledErrors.length, skipped: [] };
    for (const module of modules) {
      // A file or a suite fails by itself when it cannot be imported, has no test, or a hook of it throws.
      for (const suite of [module, ...module.children.allSuites()]) {
        if (suite.errors().length > 0) report.failed += 1;
      }
      for (const test of module.children.allTests()) this.#count(test, module, report);
    }
    writeFileSync(process.env.GATE_REPORT ?? "gate-report.json", JSON.stringify(report));
  }

  /**
   * @param {import("vitest/node").TestCase} test
   * @param {import("vitest/node").TestModule} module
   * @param {Report} report
   */
  #count(test, module, report) {
    const result = test.result();
    const { state } = result;
    const note = result.state === "skipped" ? result.note : undefined;
    if (state === "passed") report.passed += 1;
    else if (state !== "skipped") report.failed += 1;
    // Tests that the caller's -t excludes do not count as skipped.
    else if (!this.#filtered || note) {
      const reason = note ? `: ${note}` : "";
      report.skipped.push(`${module.project.name || "tests"}: ${module.relativeModuleId} > ${test.fullName}${reason}`);
    }
  }
}

import { writeFileSync } from "node:fs";

/** A vitest reporter: writes what ran to the file named by GATE_REPORT, for gate.mjs. */
export default class GateReporter {
  onInit(vitest) {
    this.filtered = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules, unhandledErrors) {
    const report = { passed: 0, failed: unhandledErrors.length, skipped: [] };
    for (const module of modules) {
      // A file or a suite fails by itself when it cannot be imported, has no test, or a hook of it throws.
      for (const suite of [module, ...module.children.allSuites()]) {
        if (suite.errors().length > 0) report.failed += 1;
      }
      for (const test of module.children.allTests()) this.count(test, module, report);
    }
    writeFileSync(process.env.GATE_REPORT, JSON.stringify(report));
  }

  count(test, module, report) {
    const { state, note } = test.result();
    if (state === "passed") report.passed += 1;
    else if (state !== "skipped") report.failed += 1;
    // What the caller's -t left out was not skipped by anyone.
    else if (!this.filtered || note) {
      const reason = note ? `: ${note}` : "";
      report.skipped.push(`${module.project.name || "tests"}: ${module.relativeModuleId} > ${test.fullName}${reason}`);
    }
  }
}

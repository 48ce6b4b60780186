import { afterAll, describe, expect, it } from "vitest";
import { job, openWorkersFolder, runToEnd, writeOrders } from "../support/run-local.ts";

const folder = await openWorkersFolder();
afterAll(() => folder.remove());

describe.concurrent("DESCRIBE", { timeout: 30_000 }, () => {
  it.each(["1", "TRUE", "true"])("=%s prints only the configuration and runs nothing", async (DESCRIBE) => {
    const env = { DESCRIBE, SOURCE_ORDERS: await writeOrders(folder, [job(71)]), AMQP_QUEUE: "job_tiles" };
    const run = await runToEnd(folder, { worker: "./printing.mjs", env });
    expect(run.exitCode).toBe(0);
    const configuration = JSON.parse(run.stdout) as Record<string, unknown>;
    expect(run.stdout).toBe(`${JSON.stringify(configuration, null, 2)}\n`);
    expect(configuration).toMatchObject({
      name: "@acme/local-worker",
      label: "@acme/local-worker",
      version: "1.4.0",
      description: "Worker of the tests with real processes",
      license: "MIT",
      sdk_version: "2.2.1",
      queue_name: "job_tiles",
      direct_messaging_queue_name: `direct_messaging_${configuration.instance_id}`,
      parameters: {
        $schema: "https://json-schema.org/draft/2020-12/schema",
        type: "object",
        properties: { threshold: { type: ["number", "null"], default: 0.5, description: "from 0 to 1" } },
      },
    });
    // What the module prints is on standard error. Its setup and its process did not run.
    expect(run.stderr).toBe("printed at import\nwritten at import\n");
  });

  it("loses nothing of a long output of the module", async () => {
    const count = 5000;
    await folder.write(
      "chatty.mjs",
      `for (let line = 1; line <= ${count}; line++) console.log(\`line \${line}\`);
       export { default } from "./actions.mjs";`,
    );
    const run = await runToEnd(folder, { worker: "./chatty.mjs", env: { DESCRIBE: "1" } });
    const lines = Array.from({ length: count }, (_, index) => `line ${index + 1}\n`).join("");
    expect(run.stderr === lines, `${run.stderr.length} characters`).toBe(true);
    expect(JSON.parse(run.stdout)).toHaveProperty("parameters.properties.password.writeOnly", true);
  });

  it.each(["0", "yes", ""])("=%s runs the orders", async (DESCRIBE) => {
    const env = { DESCRIBE, SOURCE_ORDERS: await writeOrders(folder, [job(71)]) };
    const run = await runToEnd(folder, { worker: "./printing.mjs", env });
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toBe("printed at import\nwritten at import\n");
    expect(run.stderr).toContain("setup ran\n");
    expect(run.responses("Completed")).toMatchObject([{ job_id: 71 }]);
  });

  it("prints nothing for a module that is not a worker", async () => {
    await folder.write("no-worker.mjs", 'console.log("printed");\nexport default { parameters: {} };');
    const run = await runToEnd(folder, { worker: "./no-worker.mjs", env: { DESCRIBE: "1" } });
    expect(run.exitCode).toBe(65);
    expect(run.stdout).toBe("");
    expect(run.stderr).toContain("no-worker.mjs is not a worker");
  });

  it("prints nothing for a module that ends its thread", async () => {
    await folder.write("leaving.mjs", "process.exit(0);");
    const run = await runToEnd(folder, { worker: "./leaving.mjs", env: { DESCRIBE: "1" } });
    expect(run.exitCode).toBe(65);
    expect(run.stdout).toBe("");
    expect(run.stderr).toContain("exit code 0");
  });
});

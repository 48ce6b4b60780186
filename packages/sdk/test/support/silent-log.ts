import { createLog } from "../../src/log/log.ts";
import { Redactor } from "../../src/log/redactor.ts";

/** A log that writes nothing. */
export const silentLog = createLog(
  { level: "silent", json: false, file: undefined, color: false },
  { instanceId: "test", queueName: "job_test" },
  new Redactor(),
);

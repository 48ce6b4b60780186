import type { LogSettings } from "../env.ts";
import type { JobLog } from "./job-log.ts";
import { formatJson, formatText, type LogIdentity, type LogRecord } from "./log-line.ts";
import { toJson, toText } from "./log-value.ts";
import type { Redactor } from "./redactor.ts";

/** The log of a thread. */
export interface Log extends JobLog {
  /** Returns the same log, with the id of the job on each line. */
  forJob(jobId: number): Log;
  /** Writes a line about an event of the worker, each field at the top of the JSON line. */
  event(level: Level, message: string, fields: Readonly<Record<string, unknown>>): void;
  /** Whether lines of this level are written. */
  shows(level: Level): boolean;
  /** From now on replaces these secrets by `[redacted]`. */
  hide(secrets: readonly unknown[]): void;
}

/** Where a log is written. */
export interface LogSinks {
  readonly stderr: LogSink;
  /** The file of FILE_LOGGING. */
  readonly file?: LogSink | undefined;
}

interface LogSink {
  write(line: string): unknown;
}

/** Creates the log of a thread. A log call never throws, whatever the worker passes. */
export function createLog(
  settings: LogSettings,
  identity: LogIdentity,
  redactor: Redactor,
  sinks: LogSinks = process,
): Log {
  const { stderr, file } = sinks;
  const color = settings.color ?? isTerminal();
  const minimum = levels.indexOf(settings.level);
  const write = (record: LogRecord) => {
    const time = new Date().toISOString();
    const format = (isColored: boolean) =>
      settings.json ? formatJson(time, identity, record) : formatText(time, identity, record, isColored);
    const line = format(color);
    stderr.write(line);
    file?.write(color ? format(false) : line);
  };
  return toLog({ write, redactor, isShown: (level) => levels.indexOf(level) >= minimum }, undefined);
}

type Level = LogRecord["level"];
const levels: readonly LogSettings["level"][] = ["trace", "debug", "info", "warn", "error", "silent"];

interface LogTarget {
  readonly write: (record: LogRecord) => void;
  readonly redactor: Redactor;
  readonly isShown: (level: Level) => boolean;
}

function toLog(target: LogTarget, jobId: number | undefined): Log {
  const { write, redactor, isShown } = target;
  const at = (level: Level) => {
    // Skips lines below the level before any work is done.
    if (!isShown(level)) return () => undefined;
    return (message: unknown, fields?: unknown) =>
      write({
        level,
        message: redactor.redact(toText(message)),
        jobId,
        details: fields === undefined ? {} : redactor.redactFields({ fields: JSON.parse(toJson(fields)) }),
      });
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    forJob: (id) => toLog(target, id),
    event: (level, message, fields) => {
      if (!isShown(level)) return;
      write({ level, message: redactor.redact(message), jobId, details: redactor.redactFields({ ...fields }) });
    },
    shows: isShown,
    hide: (secrets) => {
      for (const secret of secrets) redactor.add(secret);
    },
  };
}

// Importing node:tty loads node:net, which takes 2 ms in each thread.
function isTerminal(): boolean {
  return process.getBuiltinModule("node:tty").isatty(2);
}

import { closeSync, openSync } from "node:fs";
import { createRequire } from "node:module";
import type { Logger } from "pino";
import type { LogSettings } from "../env.ts";
import { externalRemedy, McaiError } from "../errors.ts";
import type { JobLog } from "./job-log.ts";
import { formatLine } from "./log-line.ts";
import type * as Bundle from "./pino-bundle.ts";
import type { Redactor } from "./redactor.ts";

const stderr = 2;

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

/** The identity of the worker, on each line. */
export interface LogIdentity {
  readonly instanceId: string;
  readonly queueName: string;
}

/**
 * Creates the log of a thread. It writes to standard error and to the file of the settings. Each line is written before
 * the call returns, so that no line of a blocked or crashed thread is lost. pino is loaded at the first line.
 *
 * @throws {@link McaiError} `ENVIRONMENT_INVALID` if the file cannot be opened, `MODULE_NOT_FOUND` if pino is missing.
 */
export function createLog(settings: LogSettings, identity: LogIdentity, redactor: Redactor): Log {
  let logger: Logger | undefined;
  if (settings.file !== undefined) checkFile(settings.file);
  if (settings.level !== "silent") findPino();
  const open = () => {
    logger ??= openPino(settings, identity);
    return logger;
  };
  const isShown = (level: Level) => levels.indexOf(level) >= levels.indexOf(settings.level);
  return toLog({ open, redactor, isShown }, undefined);
}

type Level = "debug" | "info" | "warn" | "error";
const levels: readonly LogSettings["level"][] = ["trace", "debug", "info", "warn", "error", "silent"];

interface LogTarget {
  readonly open: () => Logger;
  readonly redactor: Redactor;
  readonly isShown: (level: Level) => boolean;
}

function toLog(target: LogTarget, jobId: number | undefined): Log {
  const { open, redactor, isShown } = target;
  const write = (level: Level) => {
    // Skips lines below the level before any work is done.
    if (!isShown(level)) return () => undefined;
    return (message: string, fields?: Record<string, unknown>) =>
      open()[level](
        { ...(jobId !== undefined && { job_id: jobId }), ...(fields && { fields: redactor.redactFields(fields) }) },
        redactor.redact(message),
      );
  };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    forJob: (id) => toLog(target, id),
    event: (level, message, fields) => {
      if (!isShown(level)) return;
      const shown = { ...(jobId !== undefined && { job_id: jobId }), ...redactor.redactFields({ ...fields }) };
      open()[level](shown, redactor.redact(message));
    },
    shows: isShown,
    hide: (secrets) => {
      for (const secret of secrets) redactor.add(secret);
    },
  };
}

function openPino(settings: LogSettings, identity: LogIdentity): Logger {
  const { pino } = loadPino();
  const open = (destination: { fd?: number; dest?: string }) => {
    const sink = pino.destination({ ...destination, sync: true });
    // The reader has closed the stream; the error cannot be reported anywhere.
    sink.on("error", () => undefined);
    return sink;
  };
  const terminal = open({ fd: stderr });
  const file = settings.file === undefined ? undefined : open({ dest: settings.file });
  const color = settings.color ?? isTerminal();
  const base = { instance_id: identity.instanceId, queue: identity.queueName };
  const formatters = { level: (level: string) => ({ level }) };
  return pino(
    { level: settings.level, base, formatters, timestamp: pino.stdTimeFunctions.isoTime },
    {
      write(json: string) {
        terminal.write(settings.json ? json : formatLine(json, color));
        file?.write(settings.json ? json : formatLine(json, false));
      },
    },
  );
}

// Importing node:tty loads node:net, which takes 2 ms in each thread.
function isTerminal(): boolean {
  return process.getBuiltinModule("node:tty").isatty(stderr);
}

// A missing pino ends the worker at its start, not at the first line, which may come in the middle of a job.
function findPino(): string {
  try {
    return createRequire(import.meta.url).resolve("#pino");
  } catch (cause) {
    throw new McaiError("MODULE_NOT_FOUND", externalRemedy("dist/pino.cjs"), { cause });
  }
}

// With require, because a log call is synchronous.
function loadPino(): typeof Bundle {
  return createRequire(import.meta.url)(findPino()) as typeof Bundle;
}

function checkFile(file: string): void {
  try {
    closeSync(openSync(file, "a"));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new McaiError("ENVIRONMENT_INVALID", `FILE_LOGGING: ${file.length > 200 ? code : message}`, { cause });
  }
}

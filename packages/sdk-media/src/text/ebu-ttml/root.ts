import type { EbuTtErrorCode } from "./error.ts";
import type { Attribute, TimeExpression } from "./model.ts";
import { EBUTTM, EBUTTP, TTP, XML } from "./namespaces.ts";
import { Time } from "./time.ts";
import { parseTime, type Timing } from "./time-expression.ts";

/**
 * Reports a fault: its code, a message, and the attribute. The message can be a function, since most faults of a
 * document with many are dropped.
 */
export type Report = (
  code: EbuTtErrorCode,
  message: string | ((attribute: string, value: string) => string),
  attribute?: string,
  value?: string,
) => void;

/** The values of the attributes of `tt`. */
export interface DocumentProperties {
  /** `xml:lang`; can be empty. */
  readonly language: string | undefined;
  /** The time base. @default "media" */
  readonly timeBase: "clock" | "media" | "smpte";
  readonly clockMode: "local" | "utc" | "gps" | undefined;
  readonly referenceClockIdentifier: string | undefined;
  readonly sequenceIdentifier: string | undefined;
  readonly sequenceNumber: number | undefined;
  readonly authorsGroupIdentifier: string | undefined;
  readonly authorsGroupControlToken: number | undefined;
  readonly authorsGroupSelectedSequenceIdentifier: string | undefined;
  /** The authoring delay; can be negative. */
  readonly authoringDelay: TimeExpression | undefined;
  readonly markerMode: "continuous" | "discontinuous" | undefined;
  /** The values that time expressions depend on. */
  readonly timing: Timing;
}

/** Returns the value of an attribute by its namespace and local name. */
export function find(attributes: readonly Attribute[], namespace: string, localName: string): string | undefined {
  for (const attribute of attributes) {
    if (attribute.localName === localName && attribute.namespace === namespace) return attribute.value;
  }
  return undefined;
}

/** Reads and checks the attributes of `tt`. */
export function readRoot(attributes: readonly Attribute[], report: Report, allowSmpte: boolean): DocumentProperties {
  const text = (namespace: string, name: string) => find(attributes, namespace, name);
  const oneOf = <T extends string>(namespace: string, name: string, values: readonly T[]): T | undefined => {
    const value = text(namespace, name);
    if (value === undefined || (values as readonly string[]).includes(value)) return value as T | undefined;
    report("BadValue", `${name} is ${JSON.stringify(value)}, expected one of ${values.join(", ")}.`, name);
    return undefined;
  };
  const integer = (namespace: string, name: string): number | undefined => {
    const value = text(namespace, name);
    const number = /^[ \t\r\n]*\+?0*[1-9]\d{0,15}[ \t\r\n]*$/.test(value ?? "") ? Number(value) : Number.NaN;
    if (value === undefined || (number >= 1 && Number.isSafeInteger(number)))
      return value === undefined ? undefined : number;
    report(
      "BadValue",
      `${name} is ${JSON.stringify(value)}, expected a whole number from 1 to 9007199254740991.`,
      name,
    );
    return undefined;
  };
  const nonEmpty = (name: string): string | undefined => {
    const value = text(EBUTTP, name);
    if (value === "") report("BadValue", `${name} is empty.`, name);
    return value === "" ? undefined : value;
  };
  const required = (namespace: string, name: string) => {
    if (text(namespace, name) === undefined) report("MissingAttribute", `${name} is missing.`, name);
  };

  const language = text(XML, "lang");
  required(XML, "lang");
  const timeBase = oneOf(TTP, "timeBase", ["clock", "media", "smpte"]);
  required(TTP, "timeBase");
  required(EBUTTP, "sequenceIdentifier");
  required(EBUTTP, "sequenceNumber");
  const clockMode = oneOf(TTP, "clockMode", ["local", "utc", "gps"]);
  if (timeBase === "clock") required(TTP, "clockMode");
  const referenceClockIdentifier = text(EBUTTP, "referenceClockIdentifier");
  // Before EBU-TT Live 1.0, it was allowed for the time base smpte.
  const isOfAnotherClock =
    timeBase === "media" || (timeBase === "clock" && clockMode !== undefined && clockMode !== "local");
  if (referenceClockIdentifier !== undefined && isOfAnotherClock) {
    report(
      "BadValue",
      "referenceClockIdentifier applies only if timeBase is clock and clockMode is local.",
      "referenceClockIdentifier",
    );
  }
  const isLive = text(EBUTTP, "sequenceIdentifier") !== undefined || text(EBUTTP, "sequenceNumber") !== undefined;
  const dropMode = oneOf(TTP, "dropMode", ["nonDrop", "dropNTSC", "dropPAL"]);
  const markerMode = oneOf(TTP, "markerMode", ["continuous", "discontinuous"]);
  const frameRate = integer(TTP, "frameRate");
  if (timeBase === "smpte") {
    if (!allowSmpte && isLive)
      report("UnsupportedTimeBase", "timeBase is smpte, which EBU-TT Live 1.0 does not support.", "timeBase");
    for (const name of ["frameRate", "dropMode", "markerMode"]) required(TTP, name);
  } else if (isLive) {
    for (const name of ["dropMode", "markerMode"]) {
      if (text(TTP, name) !== undefined) report("BadValue", `${name} requires the time base smpte.`, name);
    }
  }
  const timing = definedOf({
    dialect: isLive ? ("ebu-tt-live" as const) : ("ttml" as const),
    timeBase: timeBase ?? ("media" as const),
    frameRate,
    frameRateMultiplier: multiplier(text(TTP, "frameRateMultiplier"), report),
    subFrameRate: integer(TTP, "subFrameRate"),
    tickRate: integer(TTP, "tickRate"),
    dropMode,
  });
  return {
    language,
    timeBase: timing.timeBase,
    clockMode,
    referenceClockIdentifier,
    sequenceIdentifier: nonEmpty("sequenceIdentifier"),
    sequenceNumber: integer(EBUTTP, "sequenceNumber"),
    authorsGroupIdentifier: nonEmpty("authorsGroupIdentifier"),
    authorsGroupControlToken: integer(EBUTTP, "authorsGroupControlToken"),
    authorsGroupSelectedSequenceIdentifier: nonEmpty("authorsGroupSelectedSequenceIdentifier"),
    authoringDelay: delay(text(EBUTTM, "authoringDelay"), report),
    markerMode,
    timing,
  };
}

function multiplier(value: string | undefined, report: Report): readonly [number, number] | undefined {
  if (value === undefined) return undefined;
  const [, num = 0, den = 0] = (/^\s*(\d{1,9})\s+(\d{1,9})\s*$/.exec(value) ?? []).map(Number);
  if (num > 0 && den > 0) return [num, den];
  report(
    "BadValue",
    `frameRateMultiplier is ${JSON.stringify(value)}, expected two whole numbers.`,
    "frameRateMultiplier",
  );
  return undefined;
}

function delay(text: string | undefined, report: Report): TimeExpression | undefined {
  if (text === undefined) return undefined;
  const [, sign, amount = ""] = /^([+-]?)(\d+(?:\.\d+)?(?:h|m|s|ms))$/.exec(text) ?? [];
  const time = parseTime(amount);
  if (time === undefined)
    report(
      "BadValue",
      `authoringDelay is ${JSON.stringify(text)}, expected a number with a unit, such as -1.5s.`,
      "authoringDelay",
    );
  return { text, time: sign === "-" && time !== undefined ? Time.zero.minus(time) : time };
}

// With exactOptionalPropertyTypes, undefined properties must be absent.
function definedOf<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
}

import type { Attribute } from "./model.ts";
import { EBUTTS, TTS } from "./namespaces.ts";
import type { Report } from "./root.ts";

const NAMES =
  "transparent black silver gray white maroon red purple fuchsia magenta green lime olive yellow navy blue teal aqua cyan";
const BYTE = "\\s*(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)\\s*";
const NUMBER = "(?:\\d+\\.?\\d*|\\.\\d+)";
const LENGTH = `\\+?${NUMBER}(?:px|c|%)`;
const SIGNED_LENGTH = `[+-]?${NUMBER}(?:px|c|%)`;

const color = whole(
  `${NAMES.replaceAll(" ", "|")}|#[\\da-fA-F]{6}(?:[\\da-fA-F]{2})?|rgb\\(${BYTE}(?:,${BYTE}){2}\\)|rgba\\(${BYTE}(?:,${BYTE}){3}\\)`,
);
const oneOf = (values: string) => whole(values.replaceAll(" ", "|"));

/** What the values of styles look like, by local name; white space at their ends does not count. */
const STYLES: { readonly [namespace: string]: { readonly [name: string]: RegExp } } = {
  [TTS]: {
    color,
    backgroundColor: color,
    extent: whole(`${LENGTH}\\s+${LENGTH}`),
    origin: whole(`${SIGNED_LENGTH}\\s+${SIGNED_LENGTH}`),
    fontSize: whole(`${LENGTH}(?:\\s+${LENGTH})?`),
    lineHeight: whole(`normal|${LENGTH}`),
    padding: whole(`${SIGNED_LENGTH}(?:\\s+${SIGNED_LENGTH}){0,3}`),
    direction: oneOf("ltr rtl"),
    displayAlign: oneOf("before center after"),
    fontStyle: oneOf("normal italic oblique"),
    fontWeight: oneOf("normal bold"),
    overflow: oneOf("visible hidden"),
    showBackground: oneOf("always whenActive"),
    textAlign: oneOf("left center right start end"),
    unicodeBidi: oneOf("normal embed bidiOverride"),
    wrapOption: oneOf("wrap noWrap"),
    writingMode: oneOf("lrtb rltb tbrl tblr lr rl tb"),
  },
  [EBUTTS]: {
    linePadding: whole(`\\+?${NUMBER}c`),
    multiRowAlign: oneOf("start center end auto"),
  },
};

/** Reports the values of styles that EBU-TT does not allow. */
export function checkStyles(attributes: readonly Attribute[], report: Report): void {
  for (const { namespace, localName, name, value } of attributes) {
    const pattern = STYLES[namespace]?.[localName];
    if (pattern !== undefined && !pattern.test(value.trim())) {
      report("BadValue", `${name} is ${JSON.stringify(value)}, which is no value of it.`, localName);
    }
  }
}

function whole(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`);
}

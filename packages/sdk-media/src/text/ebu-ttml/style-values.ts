import type { Attribute } from "./model.ts";
import { EBUTTS, TTS } from "./namespaces.ts";
import { find, type Report } from "./root.ts";

const NAMES =
  "transparent black silver gray white maroon red purple fuchsia magenta green lime olive yellow navy blue teal aqua cyan";
const BYTE = "\\s*(?:25[0-5]|2[0-4]\\d|[01]?\\d?\\d)\\s*";
const NUMBER = "(?:\\d+(?:\\.\\d+)?|\\.\\d+)";
const maxValueLength = 256; // no valid value is longer
const LENGTH = `\\+?${NUMBER}(?:px|c|%)`;
const SIGNED_LENGTH = `[+-]?${NUMBER}(?:px|c|%)`;

const color = whole(
  `${NAMES.replaceAll(" ", "|")}|#[\\da-fA-F]{6}(?:[\\da-fA-F]{2})?|rgb\\(${BYTE}(?:,${BYTE}){2}\\)|rgba\\(${BYTE}(?:,${BYTE}){3}\\)`,
);
const oneOf = (values: string) => whole(values.replaceAll(" ", "|"));
/** Lengths with the same unit. */
const ofOneUnit = (form: (length: string) => string) =>
  whole(["px", "c", "%"].map((unit) => form(`${NUMBER}${unit}`)).join("|"));

/** The syntax of style values, by local name, without surrounding white space. */
const STYLES: { readonly [namespace: string]: { readonly [name: string]: RegExp } } = {
  [TTS]: {
    color,
    backgroundColor: color,
    extent: ofOneUnit((length) => `\\+?${length}\\s+\\+?${length}`),
    origin: ofOneUnit((length) => `[+-]?${length}\\s+[+-]?${length}`),
    fontSize: ofOneUnit((length) => `\\+?${length}(?:\\s+\\+?${length})?`),
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

const RELATIVE_TO_ROOT = new Set(["extent", "origin", "fontSize"]);

/** Reports style values that EBU-TT does not allow. */
export function checkStyles(attributes: readonly Attribute[], root: readonly Attribute[], report: Report): void {
  for (const { namespace, localName, name, value } of attributes) {
    const pattern = STYLES[namespace]?.[localName];
    if (pattern === undefined) continue;
    const shown = `${name} is ${JSON.stringify(value.slice(0, maxValueLength))}`;
    if (value.length > maxValueLength || !pattern.test(value.trim()))
      report("BadValue", `${shown}, which is not a valid value.`, localName);
    else if (namespace === TTS && RELATIVE_TO_ROOT.has(localName)) {
      const isOfPixels = value.includes("px");
      if (isOfPixels && find(root, TTS, "extent") === undefined)
        report("MissingAttribute", `${shown}, but lengths in pixels require an extent on tt.`, "extent");
      else if (!isOfPixels && attributes === root) report("BadValue", `${shown}, expected pixels on tt.`, localName);
    }
  }
}

function whole(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`);
}

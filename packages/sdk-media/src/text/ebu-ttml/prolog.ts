/** What a text begins with, before a document's root: where to go on, or what it is. */
export type PrologStep =
  | { readonly kind: "more" }
  | { readonly kind: "skip"; readonly chars: number }
  | { readonly kind: "declaration"; readonly chars: number }
  | { readonly kind: "root" | "doctype" | "damage" };

const SPACE = /^[ \t\r\n]+/;
const OPENINGS = ["<?xml ", "<!--", "<!DOCTYPE"];

/**
 * Looks at the text from `at`: white space, a comment, a processing instruction (also the XML declaration), a document type
 * declaration, or a root. What has not ended needs more text.
 */
export function prologStep(text: string, at: number): PrologStep {
  const rest = text.slice(at, at + 16);
  const space = SPACE.exec(rest);
  if (space !== null) return { kind: "skip", chars: space[0].length };
  if (rest === "" || OPENINGS.some((opening) => rest.length < opening.length && opening.startsWith(rest)))
    return { kind: "more" };
  if (rest.startsWith("<!--")) return until(text, at + 4, "-->", at);
  if (rest.startsWith("<?")) {
    const step = until(text, at + 2, "?>", at);
    return step.kind === "skip" && /^<\?xml[ \t\r\n]/.test(rest) ? { kind: "declaration", chars: step.chars } : step;
  }
  if (rest.startsWith("<!")) return { kind: rest.startsWith("<!DOCTYPE") ? "doctype" : "damage" };
  return { kind: /^<[\p{L}_:]/u.test(rest) ? "root" : "damage" };
}

function until(text: string, from: number, terminator: string, at: number): PrologStep {
  const end = text.indexOf(terminator, from);
  return end < 0 ? { kind: "more" } : { kind: "skip", chars: end + terminator.length - at };
}

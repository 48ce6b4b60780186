/** The next part of a prolog. */
export type PrologStep =
  | { readonly kind: "space"; readonly chars: number }
  /** A comment or a processing instruction, which ends after the terminator. */
  | {
      readonly kind: "comment" | "instruction" | "declaration";
      readonly chars: number;
      readonly terminator: "-->" | "?>";
    }
  | { readonly kind: "more" | "root" | "doctype" | "damage" };

const SPACE = /[ \t\r\n]+/y;
const OPENINGS = ["<?xml ", "<!--", "<!DOCTYPE"];
const maxOpeningLength = 9;

/** Classifies the text at `at`; `more` means that more text is needed. */
export function prologStep(text: string, at: number): PrologStep {
  SPACE.lastIndex = at;
  const space = SPACE.exec(text);
  if (space !== null) return { kind: "space", chars: space[0].length };
  const rest = text.slice(at, at + maxOpeningLength);
  const isPart = (opening: string) => rest.length < opening.length && opening.startsWith(rest);
  if (rest.length < 2 || OPENINGS.some(isPart)) return { kind: rest === "" || rest[0] === "<" ? "more" : "damage" };
  if (rest.startsWith("<!--")) return { kind: "comment", chars: 4, terminator: "-->" };
  if (/^<\?xml[ \t\r\n]/.test(rest)) return { kind: "declaration", chars: 5, terminator: "?>" };
  if (rest.startsWith("<?")) return { kind: "instruction", chars: 2, terminator: "?>" };
  if (rest.startsWith("<!")) return { kind: rest.startsWith("<!DOCTYPE") ? "doctype" : "damage" };
  return { kind: /^<[\p{L}_:]/u.test(rest) ? "root" : "damage" };
}

/** Skips the prolog of a complete text; returns where it ends and what follows. */
export function skipProlog(
  text: string,
  from: number,
): { readonly at: number; readonly kind: "more" | "root" | "doctype" | "damage" } {
  let at = from;
  for (;;) {
    const step = prologStep(text, at);
    if (step.kind === "space") at += step.chars;
    else if ("terminator" in step) {
      const end = text.indexOf(step.terminator, at + step.chars);
      if (end < 0) return { at, kind: "more" };
      at = end + step.terminator.length;
    } else return { at, kind: step.kind };
  }
}

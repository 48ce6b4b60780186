import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "vitest";

const folder = join(import.meta.dirname, "../../../../../shared/cases/ebu-tt");

export interface Case {
  readonly id: string;
  // biome-ignore lint/suspicious/noExplicitAny: each file has its own structure
  readonly input: any;
  // biome-ignore lint/suspicious/noExplicitAny: each file has its own structure
  readonly expected: any;
  readonly contested?: string;
  readonly kind?: string;
  readonly legacySmpte?: boolean;
}

/** Declares a test for each case of a file, except contested cases and those excluded with a reason. */
export function eachCase(file: string, test: (item: Case) => void, excluded: Record<string, string> = {}): void {
  if (!existsSync(folder)) {
    it(`passes the cases of ${file}`, (context) => context.skip("../shared/cases/ebu-tt does not exist"));
    return;
  }
  for (const item of JSON.parse(readFileSync(join(folder, `${file}.json`), "utf8")) as Case[]) {
    if (item.contested === undefined && excluded[item.id] === undefined) it(item.id, () => test(item));
  }
}

export function caseFile(path: string): Buffer {
  return readFileSync(join(folder, path));
}

/** Returns an EBU-TT Live document; each part can be replaced. */
export function live({
  number = 1,
  root = "",
  body = "<tt:body/>",
  head = "<tt:head/>",
  id = "demo",
  base = 'ttp:timeBase="media"',
} = {}): string {
  return `<?xml version="1.0" encoding="UTF-8"?><tt:tt xmlns:tt="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" xmlns:tts="http://www.w3.org/ns/ttml#styling" xmlns:ebuttp="urn:ebu:tt:parameters" xmlns:ebuttm="urn:ebu:tt:metadata" xml:lang="fr" ${base} ebuttp:sequenceIdentifier="${id}" ebuttp:sequenceNumber="${number}" ${root}>${head}${body}</tt:tt>`;
}

export const message = `<?xml version="1.0"?><ebuttlm:message xmlns:ebuttlm="urn:ebu:tt:livemessage" xmlns:ebuttp="urn:ebu:tt:parameters" ebuttp:sequenceIdentifier="demo"><ebuttlm:header><ebuttlm:sender>sub-1</ebuttlm:sender><ebuttlm:recipient>a</ebuttlm:recipient><ebuttlm:recipient>b</ebuttlm:recipient><ebuttlm:type>authors</ebuttlm:type></ebuttlm:header><ebuttlm:payload>hello</ebuttlm:payload></ebuttlm:message>`;

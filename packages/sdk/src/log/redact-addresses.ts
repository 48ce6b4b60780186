/** What stands for a secret. */
export const replacement = "[redacted]";

// `://`, as it is, in JSON or percent-encoded. The scheme is left out, because looking for it takes the square of the length
// of a text without one.
const addressStart = /(?::|%3a)(?:\\*\/|%2f){2}/gi;
// An address ends before white space, a quote, or backslashes that escape no slash. A pattern that matches all of it would
// need more stack than there is for an address of some megabytes.
const addressEnd = /[\s"<>`]|(\\+)/g;
// A signature in a path with a query, as HTTP clients report it.
const signature = /([?&](?:X-(?:Amz|Goog)-[\w-]+|Signature|sig|access_token|token)=)[^&\s"'<>\\]+/gi;

/** Replaces the user and the values of the query of every address in a text: passwords and signatures. */
export function redactAddresses(text: string): string {
  const clean = /(?:\/|%2f)(?:\\*\/|%2f)/i.test(text) ? redactEach(text) : text;
  if (!clean.includes("=")) return clean;
  return clean.replace(signature, (_, name: string) => name + replacement);
}

function redactEach(text: string): string {
  let clean = "";
  let done = 0;
  addressStart.lastIndex = 0;
  for (let start = addressStart.exec(text); start; start = addressStart.exec(text)) {
    const begin = addressStart.lastIndex;
    const end = endOfAddress(text, begin);
    clean += text.slice(done, begin) + redactRest(text.slice(begin, end));
    done = end;
    addressStart.lastIndex = end;
  }
  return clean + text.slice(done);
}

function endOfAddress(text: string, begin: number): number {
  addressEnd.lastIndex = begin;
  for (let end = addressEnd.exec(text); end; end = addressEnd.exec(text))
    if (end[1] === undefined || text[addressEnd.lastIndex] !== "/") return end.index;
  return text.length;
}

function redactRest(rest: string): string {
  const user = userOf(rest);
  const place = rest.slice(user.length);
  const query = startOfQuery(place);
  const shown = (user && replacement) + place.slice(0, query);
  if (query === undefined) return shown;
  const hidden = place.slice(query);
  const end = punctuationAfter(hidden);
  const values = hidden.slice(0, end).split("&");
  return shown + values.map(redactValue).join("&") + hidden.slice(end);
}

// What is before the last `@` of the authority. If a port is not a number, it is a part of a password, which may have any
// characters.
function userOf(rest: string): string {
  const authority = rest.slice(0, /\\*\/|%2f|[?#]|%3f/i.exec(rest)?.index);
  const isPassword = !/@|%40/i.test(authority) && /^[^[\]:]*:(?!\d{1,5}$)./.test(authority);
  const searched = isPassword ? rest : authority;
  return searched.slice(0, Math.max(0, searched.lastIndexOf("@"), searched.lastIndexOf("%40")));
}

// A query, or a fragment that has values.
function startOfQuery(place: string): number | undefined {
  const mark = /\?|%3f/i.exec(place);
  const path = place.slice(0, place.includes("?") ? place.indexOf("?") : undefined);
  const fragment = path.indexOf("#");
  const isFragment = fragment >= 0 && fragment < path.lastIndexOf("=") && !(mark && mark.index < fragment);
  if (isFragment) return fragment + 1;
  return mark ? mark.index + mark[0].length : undefined;
}

// What ends the sentence and not the address. The job thread may have replaced the last value before.
function punctuationAfter(hidden: string): number {
  let end = hidden.length;
  while (end > 0 && `.,;:!?'")]}`.includes(hidden[end - 1] as string)) end--;
  return hidden.startsWith("[redacted", end - "[redacted".length) && hidden[end] === "]" ? end + 1 : end;
}

// A name tells what was sent. A token without one may end in the `=` of base64.
function redactValue(part: string): string {
  if (part === "") return part;
  const name = /^[\w.~-]{1,40}=(?!=*$)/.exec(part)?.[0] ?? "";
  return name + replacement;
}

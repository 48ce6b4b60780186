/** What stands for a secret. */
export const replacement = "[redacted]";

// From `://` to the next white space or quote, as it is, in JSON or percent-encoded. The scheme is left out, because
// looking for it takes the square of the length of a text without one.
const address = /((?::|%3a)(?:\\*\/|%2f){2})((?:\\+\/|[^\s"<>`\\])+)/gi;
// A signature in a path with a query, as HTTP clients report it.
const signature = /([?&](?:X-(?:Amz|Goog)-[\w-]+|Signature|sig|access_token|token)=)[^&\s"'<>\\]+/gi;
// What ends the sentence and not the address. The job thread may have replaced the last value before.
const punctuation = /(?:\[redacted\])?([.,;:!?'")\]}]*)$/;

/** Replaces the user and the values of the query of every address in a text: passwords and signatures. */
export function redactAddresses(text: string): string {
  let clean = text;
  if (/(?:\/|%2f)(?:\\*\/|%2f)/i.test(clean))
    clean = clean.replace(address, (_, start: string, rest: string) => start + redactRest(rest));
  if (!clean.includes("=")) return clean;
  return clean.replace(signature, (_, name: string) => name + replacement);
}

function redactRest(rest: string): string {
  const user = userOf(rest);
  const place = rest.slice(user.length);
  const query = /\?|%3f|#(?=[^?]*=)/i.exec(place);
  const shown = (user && replacement) + (query ? place.slice(0, query.index + query[0].length) : place);
  if (!query) return shown;
  const hidden = place.slice(query.index + query[0].length);
  const end = punctuation.exec(hidden)?.[1] ?? "";
  const values = hidden.slice(0, hidden.length - end.length).split("&");
  return shown + values.map(redactValue).join("&") + end;
}

// What is before the last `@` of the authority. If a port is not a number, it is a part of a password, which may have any
// characters.
function userOf(rest: string): string {
  const authority = /^(?:(?!\\*\/|%2f|[?#]|%3f).)*/is.exec(rest)?.[0] ?? "";
  const isPassword = !/@|%40/i.test(authority) && /^[^[\]:]*:(?!\d{1,5}$)./.test(authority);
  return /^.*(?=@|%40)/is.exec(isPassword ? rest : authority)?.[0] ?? "";
}

// A name tells what was sent. A token without one may end in the `=` of base64.
function redactValue(part: string): string {
  if (part === "") return part;
  const name = /^[\w.~-]{1,40}=(?!=*$)/.exec(part)?.[0] ?? "";
  return name + replacement;
}

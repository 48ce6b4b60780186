// From `://` to the next white space or quote, as it is, in JSON or percent-encoded. The scheme is left out, because
// looking for it takes the square of the length of a text without one.
const address = /((?::|%3a)(?:\\*\/|%2f){2})((?:\\+\/|[^\s"<>`\\])+)/gi;
// A signature in a path with a query, as HTTP clients report it.
const signature = /([?&](?:X-(?:Amz|Goog)-[\w-]+|Signature|sig|access_token|token)=)[^&\s"'<>\\]+/gi;
const punctuation = /[.,;:!?'")\]}]*$/;

/** Replaces the user and the query of every address in a text: passwords and signatures. */
export function redactAddresses(text: string, replacement: string): string {
  let clean = text;
  if (/(?:\/|%2f)(?:\\*\/|%2f)/i.test(clean))
    clean = clean.replace(address, (_, start: string, rest: string) => start + redactRest(rest, replacement));
  return clean.includes("=") ? clean.replace(signature, `$1${replacement}`) : clean;
}

function redactRest(rest: string, replacement: string): string {
  const user = userOf(rest);
  const place = rest.slice(user.length);
  const query = /\?|%3f|#(?=[^?]*=)/i.exec(place);
  const shown = (user && replacement) + (query ? place.slice(0, query.index + query[0].length) : place);
  if (!query) return shown;
  const hidden = place.slice(query.index + query[0].length);
  // It may have been replaced before, by the job thread.
  const [end = ""] = punctuation.exec(hidden.startsWith(replacement) ? hidden.slice(replacement.length) : hidden) ?? [];
  return shown + (hidden.length > end.length ? replacement : "") + end;
}

// What is before the last `@` of the authority. If a port is not a number, it is a part of a password, which may have any
// characters.
function userOf(rest: string): string {
  const authority = /^(?:(?!\\*\/|%2f|[?#]|%3f).)*/is.exec(rest)?.[0] ?? "";
  const isPassword = !/@|%40/i.test(authority) && /^[^[\]:]*:(?!\d{1,5}$)./.test(authority);
  return /^.*(?=@|%40)/is.exec(isPassword ? rest : authority)?.[0] ?? "";
}

/** Returns an EBU-TT Live document in Turkish. */
export function documentOf(number: number, body = "<tt:body/>", sequence = "demo"): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<tt:tt xmlns:tt="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter"
    xmlns:ebuttp="urn:ebu:tt:parameters" xml:lang="tr" ttp:timeBase="media"
    ebuttp:sequenceIdentifier="${sequence}" ebuttp:sequenceNumber="${number}"><tt:head/>${body}</tt:tt>
`;
}

/** Splits concatenated documents. */
export function splitDocuments(xml: string): string[] {
  return xml.split(/(?<=<\/tt:tt>)\s*/).filter((text) => text !== "");
}

export const TT = "http://www.w3.org/ns/ttml";
export const TTP = "http://www.w3.org/ns/ttml#parameter";
export const EBUTTP = "urn:ebu:tt:parameters";
export const EBUTTM = "urn:ebu:tt:metadata";
export const LIVE_MESSAGE = "urn:ebu:tt:livemessage";
export const XML = "http://www.w3.org/XML/1998/namespace";
export const XMLNS = "http://www.w3.org/2000/xmlns/";

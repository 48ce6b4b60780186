export { type Change, changesOf } from "./text/ebu-ttml/changes.ts";
export { type DocumentChanges, EbuTtDocument, type StreamArrival } from "./text/ebu-ttml/document.ts";
export { type DvbTtml, isDvbTtml, unwrapDvbTtml } from "./text/ebu-ttml/dvb-ttml.ts";
export { EbuTtError, type EbuTtErrorCode, type EbuTtErrorDetails } from "./text/ebu-ttml/error.ts";
export type { FramedItem } from "./text/ebu-ttml/framed-item.ts";
export { Framer } from "./text/ebu-ttml/framer.ts";
export { DEFAULT_LIMITS, type Limits } from "./text/ebu-ttml/limits.ts";
export type { TextMapper } from "./text/ebu-ttml/map-text.ts";
export type {
  Attribute,
  BlockContent,
  Body,
  ContentElement,
  Div,
  InlineContent,
  LineBreak,
  LiveMessage,
  Paragraph,
  RootContent,
  Span,
  Text,
  TimedElement,
  TimeExpression,
  XmlElement,
} from "./text/ebu-ttml/model.ts";
export { parse, parseDocument } from "./text/ebu-ttml/parse.ts";
export type { ParseOptions } from "./text/ebu-ttml/parse-options.ts";
export type { Position } from "./text/ebu-ttml/position.ts";
export { paragraphs, textOf } from "./text/ebu-ttml/presented-text.ts";
export { type Interval, type ResolvedDocument, resolve } from "./text/ebu-ttml/resolve.ts";
export type { DocumentProperties } from "./text/ebu-ttml/root.ts";
export { type Arrival, type ResolvedInterval, Sequence } from "./text/ebu-ttml/sequence.ts";
export { Time } from "./text/ebu-ttml/time.ts";
export { parseTime, type Timing } from "./text/ebu-ttml/time-expression.ts";
export { write } from "./text/ebu-ttml/write.ts";

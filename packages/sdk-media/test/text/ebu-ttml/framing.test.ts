import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EbuTtError, type FramedItem, Framer, paragraphs, parse, textOf, write } from "../../../src/ebu-ttml.ts";
import { decodeText } from "../../../src/text/ebu-ttml/decode-text.ts";
import { eachCase, live, message } from "../../support/ebu-ttml-cases.ts";

function frame(packets: Uint8Array[]): FramedItem[] {
  const framer = new Framer();
  const items = packets.flatMap((packet) => framer.push(packet));
  items.push(...framer.end());
  expect(framer.damaged).toBe(items.filter(({ kind }) => kind === "error").length);
  return items;
}

// A short form for comparisons.
function summarize(items: FramedItem[]): (string | number | undefined)[] {
  return items.map((item) =>
    item.kind === "document"
      ? item.document.sequenceNumber
      : item.kind === "message"
        ? item.message.payload
        : item.error.code,
  );
}

const pieces = (bytes: Uint8Array, size: number) =>
  Array.from({ length: Math.ceil(bytes.byteLength / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));

describe("packets of recorded documents", () => {
  eachCase("packetisation", ({ input, expected }) => {
    const items = frame(input.packetsBase64.map((packet: string) => Buffer.from(packet, "base64")));
    const documents = items.flatMap((item) => (item.kind === "document" ? [item.document] : []));
    expect(documents.map(({ sequenceNumber }) => sequenceNumber)).toEqual(expected.sequenceNumbers);
    expect(items.length - documents.length).toBeLessThanOrEqual(expected.errorsAtMost ?? 0);
    if (expected.firstSpanTextStartsWith === undefined) return;
    const [span] = [...paragraphs(documents[0] as never)].flatMap(({ children }) =>
      children.filter(({ kind }) => kind === "span"),
    );
    expect(span?.kind === "span" && span.children[0]?.kind === "text" && span.children[0].text).toContain(
      expected.firstSpanTextStartsWith,
    );
  });
  eachCase("examples", ({ kind, input, expected }) => {
    if (kind !== "packets") return;
    expect(summarize(frame(input.packetsBase64.map((packet: string) => Buffer.from(packet, "base64"))))).toEqual(
      expected.sequenceNumbers,
    );
  });
});

describe("bytes", () => {
  // UTF-8 that was read as Latin-1 and encoded again is UTF-8: it cannot be distinguished from such a text. A byte order mark
  // of UTF-8 or UTF-16 is allowed here (requirement F3), which the other checker complains about.
  const apart = [
    "bbc-testBadEncodingCheck_bad_latin1-bad_input",
    "bbc-bom-utf8-bom",
    "bbc-bom-utf16-bom",
    "bbc-bom-double-encoded-bom",
  ];
  eachCase(
    "bytes-and-xml-safety",
    ({ input, expected }) => {
      const bytes = Buffer.from(input.base64, "base64");
      if (expected.upstreamValid === true) expect(parse(bytes).kind).toBe("document");
      else if (expected.upstreamVerdict === "error") expect(() => decodeText(bytes)).toThrowError(EbuTtError);
      else expect(decodeText(bytes).length).toBeGreaterThan(0);
    },
    Object.fromEntries(apart.map((id) => [id, "see above"])),
  );
});

const p = (text: string, number: number) =>
  live({ number, body: `<tt:body><tt:div><tt:p>${text}</tt:p></tt:div></tt:body>` });
const one = p("été 字幕 🎬", 1);
const two = p("<tt:span>a<![CDATA[</tt:tt><?xml ]]><!-- <tt:tt> --></tt:span>", 2).replace(/^<\?.*?\?>/, "");

const bare = one.replace(/^<\?.*?\?>/, "");

describe("framing", () => {
  const stream = fc.array(
    fc.oneof(
      fc.constantFrom(one, two, message),
      fc.constantFrom("", "\n", "\0\0\0", " \r\n\t", "\ufeff", "<!-- between <tt:tt> -->", "<?pi tt?>", "\0 \0"),
    ),
    { maxLength: 8 },
  );

  it.each(["utf8", "utf16le"] as const)("gives the same documents for any division of a stream in %s", (encoding) => {
    fc.assert(
      fc.property(
        stream,
        fc.array(fc.nat(4000), { maxLength: 12 }),
        fc.integer({ min: 1, max: 7 }),
        (parts, cuts, size) => {
          const text = (encoding === "utf8" ? "" : "\ufeff") + parts.join("");
          const bytes = Buffer.from(text, encoding);
          const expected = parts.flatMap((part): (string | number)[] =>
            part === one ? [1] : part === two ? [2] : part === message ? ["hello"] : [],
          );
          expect(summarize(frame([bytes]))).toEqual(expected);
          expect(summarize(frame(pieces(bytes, size)))).toEqual(expected);
          const at = [0, ...cuts.map((cut) => cut % (bytes.byteLength + 1)).sort((a, b) => a - b), bytes.byteLength];
          const packets = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
          expect(summarize(frame(packets))).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("reads UTF-16 of both byte orders, and then UTF-8", () => {
    const le = Buffer.from(`\ufeff${one}\n${two}`, "utf16le");
    const be = Buffer.from(le).swap16();
    const bytes = Buffer.concat([le, be, Buffer.from(one), be, Buffer.alloc(5), Buffer.from(`\ufeff${two}`)]);
    for (const size of [1, 2, 3, 188, bytes.byteLength])
      expect(summarize(frame(pieces(bytes, size)))).toEqual([1, 2, 1, 2, 1, 1, 2, 2]);
  });

  it("gives the packets of a document", () => {
    const bytes = Buffer.from(one + two);
    const places = frame(pieces(bytes, one.length)).map(({ packetIndex, lastPacketIndex }) => [
      packetIndex,
      lastPacketIndex,
    ]);
    expect(places).toEqual([
      [0, 1],
      [1, 1 + Math.floor((two.length + 12) / one.length)],
    ]);
  });

  it("gives XML that parses to an equal document", () => {
    const [item] = frame([Buffer.from(two)]);
    expect(item?.kind === "document" && write(item.document)).toBe(write(parse(two) as never));
    expect(item?.kind === "document" ? [...paragraphs(item.document)].map(textOf) : []).toEqual(["a</tt:tt><?xml"]);
  });

  const damage: [string, (string | Uint8Array)[], (string | number)[]][] = [
    ["a document without its end", [one.slice(0, one.indexOf("</tt:p>")), two], ["Truncated", 2]],
    ["a document without its end, before a declaration", [two.slice(0, -30), one], ["NotWellFormed", 1]],
    ["a document without its middle", [one.replace("<tt:div>", ""), two, one], ["NotWellFormed", 2, 1]],
    ["a document truncated in a tag", [two.slice(0, two.indexOf("<tt:span>") + 5), one], ["NotWellFormed", 1]],
    ["a document without its beginning", [one.slice(100), two, one], ["NotWellFormed", 2, 1]],
    ["something between documents", [one, "garbage", two], [1, "NotWellFormed", 2]],
    ["markup between documents", [one, "<<<>>>&<x></x>", two], [1, "NotWellFormed", 2]],
    ["an extra closing tag", [one, "</tt:tt>", one], [1, "NotWellFormed", 1]],
    ["a byte that is not UTF-8", [one.slice(0, -60), Buffer.from([0xff]), one.slice(-60), two], ["BadEncoding", 2]],
    ["another root", ["<html><body/></html>", two], ["NotTtml", 2]],
    ["a document type", [`<!DOCTYPE tt [<!ENTITY a "b">]>${bare}`, two, one], ["DoctypeForbidden", 2, 1]],
    ["a declared document type", [one.replace("?>", '?><!DOCTYPE tt SYSTEM "x">'), two], ["DoctypeForbidden", 2]],
    ["another encoding", [one.replace("UTF-8", "latin-1"), two], ["BadEncoding", 2]],
    ["an & without a reference", [one.replace("字", "&"), two, one, two], ["NotWellFormed", 2, 1, 2]],
    ["an & before a reference", [one.replace("字", "&"), one.replace("字", "&amp;"), two], ["NotWellFormed", 1, 2]],
    ["an & in an attribute", [one.replace('"fr"', '"f&r"'), bare, two], ["NotWellFormed", 1, 2]],
    [
      "a document cut inside of a reference",
      [`${bare.slice(0, bare.indexOf("字"))}&am`, bare, two],
      ["NotWellFormed", 1, 2],
    ],
    [
      "a document cut inside of a comment",
      [`${bare.slice(0, bare.indexOf("字"))}<!-- a`, one, bare],
      ["Truncated", 1, 1],
    ],
    ["a document truncated in CDATA", [two.slice(0, two.indexOf("</tt:tt>")), one, bare], ["Truncated", 1, 1]],
    [
      "a document cut inside of an instruction",
      [`${bare.slice(0, bare.indexOf("字"))}<?a `, bare, bare],
      ["Truncated", 1, 1],
    ],
    ["a comment that does not end", [one, "<!-- <tt> a", one, bare], [1, "Truncated", "NotTtml", 1, 1]],
    ["a truncated declaration", [one.slice(0, 25), bare, two], ["NotWellFormed", 1, 2]],
    ["a truncated declaration before another", [one.slice(0, 25), one, two], ["NotWellFormed", 1, 2]],
    ["the end of the stream", [one, two.slice(0, -1)], [1, "Truncated"]],
    ["the end of the stream in a declaration", [one, "<?xm"], [1, "Truncated"]],
  ];
  it.each(damage)("continues after %s", (_, parts, expected) => {
    const bytes = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
    for (const size of [bytes.byteLength, 1, 7, 188, 1316])
      expect(summarize(frame(pieces(bytes, size)))).toEqual(expected);
  });

  const wide = (text: string, order: "le" | "be") => {
    const bytes = Buffer.from(text, "utf16le");
    return order === "le" ? bytes : bytes.swap16();
  };
  describe.each(["le", "be"] as const)("in UTF-16, %s,", (order) => {
    const marked = (text: string) => wide(`\ufeff${text}`, order);
    const broken: [string, Uint8Array[], (string | number)[]][] = [
      ["something between documents", [marked(`${one}garbage${bare}`)], [1, "NotWellFormed", 1]],
      [
        "half a character too many",
        [marked(one), Buffer.from("x"), wide(one + two, order)],
        [1, "NotWellFormed", 1, 2],
      ],
      ["a document without its end", [marked(one).subarray(0, 400), marked(one + two)], ["NotWellFormed", 1, 2]],
      ["half a surrogate pair", [marked(one.replace("字", "\ud800")), marked(two)], ["BadEncoding", 2]],
      [
        "a byte order mark after damage in UTF-8",
        [Buffer.from(one.slice(0, 400)), marked(one + two)],
        ["BadEncoding", 1, 2],
      ],
      ["a byte order mark after garbage", [Buffer.from("garbage"), marked(bare + two)], ["NotWellFormed", 1, 2]],
      ["UTF-8 after garbage", [marked(`${one}garbage`), Buffer.from(bare + two)], [1, "NotWellFormed", 1, 2]],
    ];
    it.each(broken)("continues after %s", (_, parts, expected) => {
      const bytes = Buffer.concat(parts);
      for (const size of [bytes.byteLength, 1, 2, 7, 188])
        expect(summarize(frame(pieces(bytes, size)))).toEqual(expected);
    });
  });

  it("finds the documents within one without an end when it exceeds the size limit", () => {
    const cutOff = `${bare.slice(0, bare.indexOf("字"))}<![CDATA[`;
    const bytes = Buffer.from(cutOff + bare.repeat(20) + " ".repeat(6000) + two);
    const framer = new Framer({ limits: { documentBytes: 12_000 } });
    const items = pieces(bytes, 1316).flatMap((packet) => framer.push(packet));
    expect(summarize(items)).toEqual(["LimitExceeded", ...Array(20).fill(1), 2]);
  });

  it("finds the same documents for any division of a damaged stream", () => {
    const random = fc.record({
      documents: fc.array(fc.constantFrom(one, two, bare), { minLength: 2, maxLength: 5 }),
      at: fc.nat(),
      without: fc.nat(900),
      instead: fc.constantFrom("", "&", "<", '"', "\xff", "<!--", "-->", "<![CDATA[", "]]>", "<?x "),
    });
    fc.assert(
      fc.property(random, ({ documents, at, without, instead }) => {
        const all = Buffer.from(documents.join("\n"));
        const start = at % all.byteLength;
        const bytes = Buffer.concat([
          all.subarray(0, start),
          Buffer.from(instead, "latin1"),
          all.subarray(start + without),
        ]);
        const [whole, ...cut] = [bytes.byteLength, 1, 7, 188].map((size) => summarize(frame(pieces(bytes, size))));
        for (const found of cut) expect(found).toEqual(whole);
      }),
      { numRuns: 200 },
    );
  });

  it("locates the damage", () => {
    const bad = Buffer.from(two.replace("<tt:div>", "<tt:div>\n&é;"));
    const [, item] = frame([Buffer.from(one), ...pieces(bad, 50)]);
    const at = bad.indexOf("&é;");
    expect(item?.kind === "error" && item.error.position).toMatchObject({
      packetIndex: 1 + Math.floor((at + 3) / 50),
      line: 2,
    });
  });

  it("never throws, for any input", () => {
    const framer = new Framer();
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc
            .string({ unit: fc.constantFrom("<", ">", "tt", "?xml ", "!--", "-->", '"', " ", "/", "&", "=") })
            .map((s) => Buffer.from(s)),
        ),
        (bytes) => {
          framer.push(bytes);
          framer.end();
          expect(summarize(framer.push(Buffer.from(one)))).toEqual([1]);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

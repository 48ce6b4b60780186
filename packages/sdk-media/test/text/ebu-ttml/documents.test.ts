import { describe, expect, expectTypeOf, it } from "vitest";
import {
  type Attribute,
  type EbuTtDocument,
  EbuTtError,
  type LiveMessage,
  type Paragraph,
  paragraphs,
  parse,
  parseDocument,
  resolve,
  Time,
  type TimedElement,
  textOf,
  write,
} from "../../../src/ebu-ttml.ts";
import { caseFile, eachCase, live, message } from "../../support/ebu-ttml-cases.ts";

/** Returns the properties of the document, without its position in the stream. */
const model = ({ warnings: _, ...document }: EbuTtDocument) => document;

function codesOf(xml: string): string[] {
  return parseDocument(xml).warnings.map(({ code }) => code);
}

function refusal(xml: string | Uint8Array, mode: "strict" | "lenient" = "strict"): EbuTtError {
  try {
    parse(xml, { mode, allowSmpte: true });
  } catch (error) {
    if (error instanceof EbuTtError) return error;
    throw error;
  }
  throw new Error("it was taken");
}

const seconds = (time: Time | undefined) => time?.seconds ?? null;

describe("recorded documents", () => {
  eachCase("real-documents", ({ input, expected }) => {
    const document = parseDocument(caseFile(input.file));
    const { properties, body } = document;
    expect(document).toMatchObject({ language: expected.language, sequenceIdentifier: expected.sequenceIdentifier });
    expect(document.sequenceNumber).toBe(expected.sequenceNumber);
    expect(properties).toMatchObject({ timeBase: expected.timeBase, clockMode: expected.clockMode });
    expect(properties.referenceClockIdentifier).toBe(expected.referenceClockIdentifier);
    expect(properties.authorsGroupIdentifier).toBe(expected.authorsGroupIdentifier);
    expect(String(properties.authorsGroupControlToken)).toBe(expected.authorsGroupControlToken);
    const timed = (element: TimedElement) => ({ begin: element.begin?.text ?? null, end: element.end?.text ?? null });
    const styled = (element: TimedElement) => ({
      region: element.region ?? null,
      style: element.style.join(" ") || null,
    });
    expect(body && { ...timed(body), ...styled(body), dur: body.dur?.text ?? null }).toEqual(expected.body);
    const found = [...paragraphs(document)].map((p) => ({
      id: p.id ?? null,
      ...styled(p),
      ...timed(p),
      brs: p.children.filter(({ kind }) => kind === "br").length,
      spans: p.children.flatMap((span) =>
        span.kind === "span"
          ? [{ id: span.id ?? null, ...timed(span), style: span.style.join(" ") || null, text: textOf(span) }]
          : [],
      ),
    }));
    expect(found).toEqual(expected.paragraphs);
    expect(model(parseDocument(write(document)))).toEqual(model(document));
  });
});

// The toolkit's tests say that these must be rejected, and that the toolkit accepts them. A time of 60 seconds is allowed by the time
// grammar (requirement B2), and no available document says that the start of the programme is an exception.
const sixtySeconds =
  "validation-timebase-timeformat-constraints-times-in-documentstartofprogramme-do-cause-validation-error-L221";

describe("the toolkit's valid and invalid documents", () => {
  eachCase(
    "doc-validity",
    ({ input, expected }) => {
      if (expected.valid) expect(parseDocument(input.xml, { mode: "strict", allowSmpte: true }).warnings).toEqual([]);
      else expect(refusal(input.xml).code).toMatch(/^(MissingAttribute|Bad|Duplicate|Unknown)/);
      expect(model(parseDocument(write(parseDocument(input.xml))))).toEqual(model(parseDocument(input.xml)));
    },
    { [sixtySeconds]: "see above" },
  );
});

describe("our examples", () => {
  eachCase("examples", ({ kind, input, expected }) => {
    if (kind !== "document" && kind !== "security") return;
    if (expected.valid === false) {
      const { code, attribute } = refusal(input.xml);
      const expectedCode = { timeExpression: "BadTimeExpression", doctype: "DoctypeForbidden", depth: "LimitExceeded" }[
        expected.error as string
      ];
      expect([code, attribute]).toContain(expectedCode ?? expected.error);
      return;
    }
    const document = parseDocument(input.xml, { mode: "strict" });
    for (const name of ["language", "sequenceIdentifier", "sequenceNumber", "timeBase", "clockMode"] as const) {
      if (name in expected) expect(document[name]).toBe(expected[name]);
    }
    const all = new Map([...paragraphs(document)].map((p) => [p.id, textOf(p)]));
    for (const [id, text] of Object.entries(expected.text ?? {})) expect(all.get(id)).toBe(text);
    const times = resolve(document, Time.fromSeconds(input.availabilityTime));
    expect([seconds(times.begin), seconds(times.end)]).toEqual([expected.computedBegin, expected.computedEnd]);
  });
});

const p = (content: string, attributes = "", more = {}) =>
  live({ body: `<tt:body><tt:div><tt:p ${attributes}>${content}</tt:p></tt:div></tt:body>`, ...more });
const regions = { head: '<tt:head><tt:layout><tt:region xml:id="r"/><tt:region xml:id="s"/></tt:layout></tt:head>' };
const first = (xml: string) => [...paragraphs(parseDocument(xml))][0] as Paragraph;

describe("the model of a document", () => {
  it("keeps the order of text, line breaks and spans", () => {
    const { children } = first(p("a<tt:br/>b<tt:span>c<tt:span>d</tt:span></tt:span>e<![CDATA[<f>]]>&amp;<!-- g -->h"));
    expect(children.map((node) => (node.kind === "text" ? node.text : node.kind))).toEqual([
      "a",
      "br",
      "b",
      "span",
      "e<f>&h",
    ]);
  });

  it("excludes metadata and foreign elements from the text, and keeps them unchanged", () => {
    const xml = p(
      '<tt:metadata><x:y xmlns:x="urn:x" k="v">not <x:z/> text</x:y></tt:metadata>text<x:y xmlns:x="urn:x">foreign</x:y>',
    );
    expect(textOf(first(xml))).toBe("text");
    expect(write(parseDocument(xml))).toContain(
      '<tt:metadata><x:y xmlns:x="urn:x" k="v">not <x:z/> text</x:y></tt:metadata>text',
    );
    expect(codesOf(xml)).toEqual([]);
  });

  it("honours xml:space", () => {
    expect(textOf(first(p("\n  a \n b <tt:br/>  c<tt:span> d</tt:span>\n")))).toBe("a b\nc d");
    expect(textOf(first(p(" a  b ", 'xml:space="preserve"')))).toBe(" a  b ");
    expect(textOf(first(p('<tt:span xml:space="preserve">  a</tt:span>  b')))).toBe("  a b");
  });

  it("matches names by namespace, for any prefix", () => {
    const xml = p("a<tt:br/><tt:span>b</tt:span>")
      .replaceAll("tt:tt", "tt")
      .replaceAll(/(<\/?)tt:/g, "$1")
      .replace("xmlns:tt=", "xmlns=");
    expect(textOf(first(xml))).toBe("a\nb");
    expect(() => parse(xml.replace('http://www.w3.org/ns/ttml"', 'urn:other"'))).toThrowError(
      /The root is tt in "urn:other"/,
    );
  });

  it("is frozen, and read-only for the compiler", () => {
    const document = parseDocument(p("a"));
    expect(() => ((document as { name: string }).name = "x")).toThrowError(TypeError);
    expect(() => ((document.properties as { timeBase: string }).timeBase = "x")).toThrowError(TypeError);
    expectTypeOf<Paragraph>().toEqualTypeOf<Readonly<Paragraph>>();
    expectTypeOf<Paragraph["children"]>().toExtend<readonly unknown[]>();
    expectTypeOf<Paragraph["children"]>().not.toExtend<unknown[]>();
    expectTypeOf<Attribute>().toEqualTypeOf<Readonly<Attribute>>();
  });

  it("distinguishes live messages from documents", () => {
    const item = parse(message) as LiveMessage;
    expect(item).toMatchObject({
      kind: "message",
      sequenceIdentifier: "demo",
      type: "authors",
      sender: "sub-1",
      recipients: ["a", "b"],
      payload: "hello",
    });
    expect(write(item)).toContain("<ebuttlm:payload>hello</ebuttlm:payload>");
    expect(() => parseDocument(message)).toThrowError("This is a live message");
  });

  it("reads sequence numbers of more than 32 bits", () => {
    expect(parseDocument(live({ number: 1_636_064_848_635 }), { mode: "strict" }).sequenceNumber).toBe(
      1_636_064_848_635,
    );
  });

  it("reads sequence numbers as XML Schema writes integers", () => {
    const number = (text: string) => parseDocument(live().replace('Number="1"', `Number="${text}"`)).sequenceNumber;
    expect([" +7\n", "000000000000000000012"].map(number)).toEqual([7, 12]);
    expect(["1.0", "1e3", "-1", "\u00a01", "٣", "9007199254740992"].map(number)).toEqual(Array(6).fill(undefined));
  });

  it("needs no frame rate multiplier for the time base smpte", () => {
    const base = 'ttp:timeBase="smpte" ttp:frameRate="25" ttp:dropMode="nonDrop" ttp:markerMode="continuous"';
    const options = { mode: "strict", allowSmpte: true } as const;
    const document = parseDocument(live({ base, body: '<tt:body begin="00:00:01:05"/>' }), options);
    expect(document.body?.begin?.time?.seconds).toBe(1.2);
  });

  it("reads UTF-8 and UTF-16 by the byte order mark", () => {
    const xml = p("été 字幕 🎬");
    const utf16 = Buffer.from(`\ufeff${xml}`, "utf16le");
    for (const bytes of [Buffer.from(xml), Buffer.from(`\ufeff${xml}`), utf16, Buffer.from(utf16).swap16()]) {
      const document = parseDocument(bytes);
      expect([...paragraphs(document)].map(textOf)).toEqual(["été 字幕 🎬"]);
    }
  });

  it("reads EBU-TT-D and plain TTML", () => {
    const xml =
      '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" xml:lang="en" ttp:frameRate="25"><body><div><p begin="00:00:01:05" dur="50f">hi</p></div></body></tt>';
    const document = parseDocument(xml);
    const times = resolve(document);
    expect([times.begin.seconds, times.end?.seconds]).toEqual([1.2, 3.2]);
    expect(document.timeBase).toBe("media");
  });
});

describe("a fault", () => {
  const faults: [string, string, string][] = [
    ["no timeBase", live({ base: "" }), "MissingAttribute"],
    ["no clockMode", live({ base: 'ttp:timeBase="clock"' }), "MissingAttribute"],
    ["a time of another time base", live({ body: '<tt:body begin="00:00:01:00"/>' }), "BadTimeExpression"],
    ["an id twice", p('<tt:span xml:id="a"/><tt:span xml:id="a"/>'), "DuplicateId"],
    ["the root's id on another", live({ root: 'xml:id="a"', body: '<tt:body xml:id="a"/>' }), "DuplicateId"],
    ["two regions", p("", 'region="r s"', regions), "UnknownReference"],
    ["an empty region", p("", 'region=""', regions), "UnknownReference"],
    ["a region that is a style", p("", 'style="r"', regions), "UnknownReference"],
    ["times of a br", p('<tt:br begin="1s"/>'), "BadStructure"],
    ["metadata after a div", live({ body: "<tt:body><tt:div/><tt:metadata/></tt:body>" }), "BadStructure"],
    ["metadata after a span", p("a<tt:span/>b<tt:metadata/>"), "BadStructure"],
    ["a second head", live({ head: "<tt:head/><tt:head/>" }), "BadStructure"],
    ["an unknown xml:space", p("", 'xml:space="keep"'), "BadValue"],
    ["an unknown style", p("", 'style="s"'), "UnknownReference"],
    ["an unknown region", p("", 'region="r"'), "UnknownReference"],
    ["a span in a div", live({ body: "<tt:body><tt:div><tt:span>a</tt:span></tt:div></tt:body>" }), "BadStructure"],
    ["text in a div", live({ body: "<tt:body><tt:div>a</tt:div></tt:body>" }), "BadStructure"],
    ["a dur on p", p("", 'dur="1s"'), "BadStructure"],
    ["a reference clock of media times", live({ root: 'ebuttp:referenceClockIdentifier="http://a"' }), "BadValue"],
    ["a token of 0", live({ root: 'ebuttp:authorsGroupControlToken="0"' }), "BadValue"],
    ["an empty identifier", live({ id: "" }), "BadValue"],
  ];
  it.each(faults)("%s rejects a document in strict mode, and is a warning in lenient mode", (_, xml, code) => {
    expect(codesOf(xml)).toEqual([code]);
    expect(refusal(xml).code).toBe(code);
  });

  const styled = (style: string, root = "") =>
    live({ root, head: `<tt:head><tt:styling><tt:style xml:id="s" tts:${style}/></tt:styling></tt:head>` });
  it.each([
    ["fontSize", ["1c 2c", "+1.5%", ".5c"], ["1c 2%", "1.c", "1em", "-1c", "1c 1c 1c"]],
    ["extent", ["1c 1c", "100%  7.5%"], ["1c 2%", "1c", "-1c 1c", "1c 1"]],
    ["origin", ["-1c +1c"], ["1c 1%"]],
    ["color", ["rgb(007, 0,255)", "rgba(0,0,0,0)", "#00aaFF80", "cyan"], ["rgb(0,0,256)", "rgb(0,0)", "#fff"]],
    ["lineHeight", ["normal", "2c"], ["2", "auto"]],
    ["padding", ["1px", "1c 2% 3px 4c"], ["1c ".repeat(5), "1"]],
  ])("in %s is found in strict mode, and valid values are accepted", (name, good, bad) => {
    for (const value of good) expect(parse(styled(`${name}="${value}"`), { mode: "strict" }).kind).toBe("document");
    for (const value of [...bad, "", "1".repeat(300)])
      expect([value, refusal(styled(`${name}="${value}"`)).attribute]).toEqual([value, name]);
  });

  it("in strict mode includes pixels without an extent of tt", () => {
    for (const style of ['fontSize="9px"', 'origin="0px 0px"', 'extent="9px 9px"']) {
      expect(refusal(styled(style))).toMatchObject({ code: "MissingAttribute", attribute: "extent" });
      expect(parse(styled(style, 'tts:extent="640px 480px"'), { mode: "strict" }).kind).toBe("document");
    }
    expect(refusal(live({ root: 'tts:extent="100% 100%"' }))).toMatchObject({ code: "BadValue", attribute: "extent" });
  });

  const damage: [string, string, string][] = [
    ["a document that is not well-formed", p("<tt:span>"), "NotWellFormed"],
    ["an unknown entity", p("&eacute;"), "NotWellFormed"],
    ["a NUL in the text", p("\0"), "NotWellFormed"],
    ["an & without a reference", p("Tom & Jerry"), "NotWellFormed"],
    ["an & before a reference", p("Tom & Jerry &amp; Spike"), "NotWellFormed"],
    ["half a surrogate pair", p("a\ud800b"), "NotWellFormed"],
    ["a document type within the root", live({ head: "<!DOCTYPE tt>" }), "DoctypeForbidden"],
    ["a document type after the root", `${live()}<!DOCTYPE tt>`, "DoctypeForbidden"],
    ["an unbound prefix", p("<u:v/>"), "NotWellFormed"],
    ["text after the root", `${live()}x`, "NotWellFormed"],
    ["another root", "<html/>", "NotTtml"],
    ["a document type declaration", "<!-- <tt> --><!DOCTYPE tt><tt/>", "DoctypeForbidden"],
    ["another encoding", live().replace("UTF-8", "ISO-8859-1"), "BadEncoding"],
    ["no end", live().slice(0, -3), "Truncated"],
    ["an empty document", "", "Truncated"],
  ];
  it.each(damage)("%s rejects a document in both modes", (_, xml, code) => {
    for (const mode of ["strict", "lenient"] as const) expect(refusal(xml, mode).code).toBe(code);
  });

  it("has its line and column", () => {
    const xml = live({ body: '<tt:body>\n <tt:div>\n  é<tt:div/>\n  <tt:p begin="x"/></tt:div></tt:body>' });
    const [text, time] = parseDocument(xml).warnings;
    expect(text?.message).toMatch(/^line 3, column 4: div may not contain text/);
    expect(time?.message).toBe('line 4, column 3: begin is "x", which is not a time of the time base media.');
    const charOffset = xml.indexOf("<tt:p");
    expect(time?.position).toEqual({ packetIndex: 0, byteOffset: charOffset + 1, charOffset, line: 4, column: 3 });
    expect(refusal(Buffer.from([0x3c, 0x61, 0x0a, 0xff])).position).toMatchObject({
      byteOffset: 3,
      line: 2,
      column: 1,
    });
  });

  it("has its position in bytes, even after a byte order mark", () => {
    const xml = p("é", 'begin="x"');
    const charOffset = xml.indexOf("<tt:p");
    const place = { charOffset, line: 1, column: charOffset + 1 };
    const position = (bytes: Uint8Array) => parseDocument(bytes).warnings[0]?.position;
    expect(position(Buffer.from(xml))).toMatchObject({ ...place, byteOffset: charOffset });
    expect(position(Buffer.from(`\ufeff${xml}`))).toMatchObject({ ...place, byteOffset: charOffset + 3 });
    expect(position(Buffer.from(`\ufeff${xml}`, "utf16le"))).toMatchObject({
      ...place,
      byteOffset: charOffset * 2 + 2,
    });
    const bad = Buffer.concat([Buffer.from("\ufeff<a>\n"), Buffer.from([0xff])]);
    expect(refusal(bad)).toMatchObject({ code: "BadEncoding", position: { byteOffset: 7, line: 2, column: 1 } });
    const half = Buffer.from("\ufeff<a>\n\ud800", "utf16le");
    expect(refusal(half)).toMatchObject({ code: "BadEncoding", position: { byteOffset: 10, line: 2, column: 1 } });
  });

  it("has a position if it rejects the whole document", () => {
    const start = { packetIndex: 0, byteOffset: 0, charOffset: 0, line: 1, column: 1 };
    expect(refusal(" ".repeat((1 << 20) + 1))).toMatchObject({ code: "LimitExceeded", limit: "size", position: start });
    expect(() => parseDocument(message)).toThrowError(expect.objectContaining({ position: start }));
  });

  it("is kept as a warning at most 100 times", () => {
    expect(parseDocument(p('<tt:span begin="x"/>'.repeat(1000))).warnings).toHaveLength(100);
  });
});

describe("a changed document", () => {
  it("can have other attributes at the root", () => {
    const document = parseDocument(p("a"));
    const other = document.with({
      sequenceIdentifier: "tr-de",
      language: "",
      sequenceNumber: 7,
      authoringDelay: "-1.5s",
      authorsGroupIdentifier: "g",
    });
    const again = parseDocument(write(other), { mode: "strict" });
    expect(again).toMatchObject({ sequenceIdentifier: "tr-de", language: "", sequenceNumber: 7 });
    expect(again.properties).toMatchObject({ authorsGroupIdentifier: "g", authoringDelay: { text: "-1.5s" } });
    expect(again.properties.authoringDelay?.time?.seconds).toBe(-1.5);
    expect(document).toMatchObject({ sequenceIdentifier: "demo", language: "fr", sequenceNumber: 1 });
    expect(() => document.with({ sequenceNumber: 0 })).toThrowError("expected a whole number from 1");
  });

  it("declares a missing namespace", () => {
    const plain = parseDocument('<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ebuttp="urn:mine"/>');
    const again = parseDocument(write(plain.with({ sequenceIdentifier: "a", sequenceNumber: 1 })));
    expect(again).toMatchObject({ sequenceIdentifier: "a", sequenceNumber: 1 });
  });

  it("can have other text, with each run mapped in order as it is shown", async () => {
    const document = parseDocument(
      p("\n  one \n two <tt:br/><tt:span>&lt;three&gt;</tt:span><tt:metadata>four</tt:metadata>  "),
    );
    const seen: string[] = [];
    const mapped = await document.mapText(async (text, { paragraph }) => {
      seen.push(`${paragraph.kind} ${text}`);
      return `${text.toUpperCase()}&`;
    });
    expect(seen).toEqual(["p one two", "p <three>"]);
    expect([...paragraphs(mapped)].map(textOf)).toEqual(["ONE TWO&\n<THREE>&"]);
    expect(write(mapped)).toContain("\n  ONE TWO& <".replace("&", "&amp;"));
    expect([...paragraphs(document)].map(textOf)).toEqual(["one two\n<three>"]);
    expect(model(await document.mapText((text) => text))).toEqual(model(document));
  });

  it("has no text where a run becomes empty, and is read back unchanged", async () => {
    const mapped = await parseDocument(p("a<tt:span>b</tt:span> c ")).mapText((text) => (text === "c" ? "]]>\r" : ""));
    expect(model(parseDocument(write(mapped)))).toEqual(model(mapped));
    expect([...paragraphs(mapped)].map(({ children }) => children.length)).toEqual([2]);
  });

  it("rejects text that XML cannot represent", async () => {
    const document = await parseDocument(p("a")).mapText(() => "\u0001");
    expect(() => write(document)).toThrowError(RangeError);
  });
});

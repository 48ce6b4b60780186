import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDocument, Sequence, Time } from "../../../src/ebu-ttml.ts";
import { eachCase, live } from "../../support/ebu-ttml-cases.ts";

const at = (seconds: number) => ({ availability: Time.fromSeconds(seconds) });
const body = (begin: number, end?: number) =>
  `<tt:body begin="${begin}s" ${end === undefined ? "" : `end="${end}s"`}/>`;
const document = (number: number, content: string, more = {}) =>
  parseDocument(live({ number, body: content, ...more }));

function summarize(sequence: Sequence): Record<number, string> {
  return Object.fromEntries(
    sequence
      .intervals()
      .map(({ document: { sequenceNumber = 0 }, begin, end, isDiscarded }) => [
        sequenceNumber,
        isDiscarded ? "discarded" : `${begin.seconds}-${end?.seconds ?? ""}`,
      ]),
  );
}

function check({
  input,
  expected,
}: {
  input: { documentsInArrivalOrder: { doc: string; xml: string; availabilityTime: number }[] };
  expected: object;
}) {
  const sequence = new Sequence();
  const names = new Map<unknown, string>();
  for (const { doc, xml, availabilityTime } of input.documentsInArrivalOrder) {
    const arrived = parseDocument(xml);
    names.set(arrived, doc);
    expect(sequence.add(arrived, at(availabilityTime))).toBeUndefined();
  }
  const found = Object.fromEntries(
    sequence
      .intervals()
      .map(({ document, begin, end, isDiscarded }) => [
        names.get(document),
        { begin: begin.seconds, end: end?.seconds ?? null, discarded: isDiscarded },
      ]),
  );
  expect(found).toMatchObject(expected);
}

describe("a sequence", () => {
  eachCase("sequence-resolved", check);
  eachCase("examples", (item) => item.kind === "sequence" && check(item));

  it("is the same for any order of arrival, and shows one document at a time", () => {
    const arrivals = fc.uniqueArray(
      fc.record({
        number: fc.integer({ min: 1, max: 20 }),
        available: fc.nat(20),
        begin: fc.nat(20),
        length: fc.option(fc.nat(10)),
      }),
      { selector: ({ number }) => number, maxLength: 8 },
    );
    fc.assert(
      fc.property(
        arrivals.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        ([list, shuffled]) => {
          const [one, other] = [list, shuffled].map((some) => {
            const sequence = new Sequence();
            for (const { number, available, begin, length } of some) {
              sequence.add(document(number, body(begin, length === null ? undefined : begin + length)), at(available));
            }
            return sequence;
          }) as [Sequence, Sequence];
          expect(summarize(other)).toEqual(summarize(one));
          const shown = one.intervals().filter(({ isDiscarded }) => !isDiscarded);
          for (const [i, { end }] of shown.slice(0, -1).entries()) {
            expect(end?.compare(shown[i + 1]?.begin as Time)).toBeLessThanOrEqual(0);
          }
        },
      ),
    );
  });

  it("shortens and discards documents when higher numbers arrive", () => {
    const sequence = new Sequence();
    sequence.add(document(1, body(10, 20)), at(0));
    sequence.add(document(2, body(15)), at(0));
    expect(summarize(sequence)).toEqual({ 1: "10-15", 2: "15-" });
    sequence.add(document(3, body(12, 13)), at(0));
    expect(summarize(sequence)).toEqual({ 1: "10-12", 2: "discarded", 3: "12-13" });
    expect(sequence.activeAt(Time.fromSeconds(11))?.document.sequenceNumber).toBe(1);
    expect(sequence.activeAt(Time.fromSeconds(12))?.document.sequenceNumber).toBe(3);
    expect(sequence.activeAt(Time.fromSeconds(13))).toBeUndefined();
  });

  it("accepts begins and ends from outside the documents", () => {
    const sequence = new Sequence();
    sequence.add(document(1, body(10, 20)), { ...at(0), begin: Time.fromSeconds(12), end: Time.fromSeconds(14) });
    expect(summarize(sequence)).toEqual({ 1: "12-14" });
  });

  it("ends a document its duration after its begin, whatever its other times are", () => {
    const sequence = new Sequence();
    sequence.add(document(1, '<tt:body dur="5s"/>'), { ...at(2), begin: Time.fromSeconds(4) });
    sequence.add(document(2, '<tt:body begin="30s" end="20s" dur="3s"/>'), at(10)); // its begin and end are ignored
    expect(summarize(sequence)).toEqual({ 1: "4-7", 2: "10-13" });
  });

  it("gives the reason for rejecting a document", () => {
    const sequence = new Sequence();
    const code = (...more: Parameters<typeof document>) => sequence.add(document(...more))?.code;
    expect(code(1, body(0))).toBeUndefined();
    expect(code(1, body(5))).toBe("DuplicateNumber");
    expect(code(2, body(0), { id: "other" })).toBe("SequenceMismatch");
    expect(code(2, body(0), { base: 'ttp:timeBase="clock" ttp:clockMode="utc"' })).toBe("TimeBaseMismatch");
    expect(code(2, body(0), { root: 'ebuttp:authorsGroupIdentifier="a"' })).toBeUndefined();
    expect(code(3, body(0), { root: 'ebuttp:authorsGroupIdentifier="b"' })).toBe("SequenceMismatch");
    expect(code(3, body(0))).toBeUndefined();
    expect(sequence.add(parseDocument('<tt xmlns="http://www.w3.org/ns/ttml"/>'))?.code).toBe("MissingAttribute");
    const base = 'ttp:timeBase="smpte" ttp:markerMode="discontinuous"';
    expect(new Sequence().add(document(1, body(0), { base }))?.code).toBe("UnsupportedTimeBase");
  });

  it("forgets ended documents without changing the others", () => {
    const [all, small] = [new Sequence(), new Sequence()];
    for (let i = 1; i <= 1000; i++) {
      for (const sequence of [all, small]) sequence.add(document(i, body(i, i + 3)), at(i));
      small.forgetBefore(Time.fromSeconds(i));
      expect(small.intervals().length).toBeLessThanOrEqual(2);
      expect(small.activeAt(Time.fromSeconds(i))?.document.sequenceNumber).toBe(
        all.activeAt(Time.fromSeconds(i))?.document.sequenceNumber,
      );
    }
    expect(small.add(document(5, body(2000)), at(1000))?.code).toBe("DuplicateNumber");
  });
});

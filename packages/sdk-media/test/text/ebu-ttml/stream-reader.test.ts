import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EbuTtmlReader } from "../../../src/text/ebu-ttml/stream-reader.ts";
import { live, message } from "../../support/ebu-ttml-cases.ts";
import { crc32 } from "../../support/mpeg-ts.ts";
import { cut, cuts, read, summarize } from "../../support/read-packets.ts";

describe("a stream of EBU-TTML", () => {
  const numbers = [1, 2, 3, 4];
  const text = numbers.map((number) => `\0 \n${live({ number, root: 'ebuttm:x="é"' })}${message}`).join("");

  it("is divided into documents with the time of the packet in which each begins, for any division into packets", () => {
    fc.assert(
      fc.property(cuts, (at) => {
        const packets = cut(text, at);
        const starts = packets.map((_, i) => packets.slice(0, i).reduce((sum, { length }) => sum + length, 0));
        const items = read(new EbuTtmlReader({}), packets);
        expect(summarize(items, ({ sequenceNumber }) => sequenceNumber)).toEqual(numbers);
        const begins = numbers.map((number) => Buffer.from(text).indexOf(live({ number, root: 'ebuttm:x="é"' })));
        const packetOf = (begin: number) => starts.findLastIndex((start) => start <= begin);
        expect(summarize(items, ({ arrival }) => arrival?.timeMs)).toEqual(begins.map((begin) => 40 * packetOf(begin)));
      }),
      { numRuns: 200 },
    );
  });

  it("yields no document from a damaged packet of DVB TTML", () => {
    const dvb = (number: number) => {
      const xml = Buffer.from(live({ number }));
      const bytes = Buffer.concat([Buffer.of(0, 0, 0, 0, 0, 0, 1, 1, xml.length >> 8, xml.length & 255), xml]);
      const crc = Buffer.alloc(4);
      crc.writeUInt32BE(crc32(bytes));
      return Buffer.concat([bytes, crc]);
    };
    const wrong = dvb(2);
    wrong[0] = 1;
    const found = (...packets: Uint8Array[]) =>
      read(new EbuTtmlReader({}), packets).map((item) =>
        item.kind === "item" ? item.item.sequenceNumber : item.message.split(":")[0],
      );
    expect(found(wrong, dvb(1))).toEqual(["BadValue", 1]);
    expect(found(dvb(1), wrong, dvb(3).subarray(0, 300), dvb(4))).toEqual([1, "BadValue", "Truncated", 4]);
  });

  it("locates damage by the packets of the stream", () => {
    const damaged = live().replace("<tt:body/>", "<tt:body></x>");
    const [error, document] = read(new EbuTtmlReader({}), [" ", damaged, live()]);
    expect(error).toMatchObject({
      kind: "error",
      packetIndex: 1,
      message: expect.stringMatching(/^NotWellFormed: line 1/),
    });
    const at = error?.kind === "error" ? error.byteOffset : -1;
    expect(damaged.slice(at - 4, at)).toBe("</x>");
    expect(document).toMatchObject({ kind: "item" });
  });

  it("keeps no reference to packets that are processed", async () => {
    const reader = new EbuTtmlReader({});
    const held: WeakRef<object>[] = [];
    for (let index = 0; index < 1000; index++) {
      const packet = { data: Buffer.from(" \0\n"), index, pts: 0n, timeMs: index, durationMs: 0 };
      held.push(new WeakRef(packet));
      expect(reader.push(packet)).toEqual([]);
    }
    // A weak reference is kept until the current job of the event loop ends.
    await new Promise((resolve) => setImmediate(resolve));
    setFlagsFromString("--expose-gc");
    (runInNewContext("gc") as () => void)();
    expect(held.filter((one) => one.deref() !== undefined).length).toBeLessThan(10);
    const last = read(reader, [live()]);
    expect(last).toHaveLength(1);
    expect(last[0]?.begin.timeMs).toBe(0);
  });
});

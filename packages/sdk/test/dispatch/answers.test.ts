import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Answers, SameAnswer } from "../../src/dispatch/answers.ts";
import type { Receipt, Settlement } from "../../src/transport/transport.ts";
import { silentLog as log } from "../support/silent-log.ts";

function deliver(direct: boolean) {
  const settlements: Settlement[] = [];
  const settle = async (how: Settlement) => settlements.push(how) > 0;
  return { delivery: { origin: "the test", direct, settle } as Receipt, settlements };
}

/** A confirmation that the test gives. */
function confirmation() {
  const confirms: (() => void)[] = [];
  const answer = () => new Promise<void>((resolve) => void confirms.push(resolve));
  return { confirms, answer };
}

describe("the answers to orders", () => {
  it("settle their orders when they are confirmed", async () => {
    const { confirms, answer } = confirmation();
    const { delivery, settlements } = deliver(true);
    const given = new Answers(log).give(delivery, answer);
    await nextTurn();
    expect(settlements).toEqual([]);
    confirms[0]?.();
    await given;
    expect(settlements).toEqual(["acknowledge"]);
  });

  it("are limited: while 10,000 are not confirmed, a direct order is rejected", async () => {
    const { confirms, answer } = confirmation();
    const answers = new Answers(log);
    const first = Array.from({ length: 10_000 }, () => answers.give(deliver(true).delivery, answer));
    const [direct, queued] = [deliver(true), deliver(false)];
    await answers.give(direct.delivery, answer);
    expect(direct.settlements).toEqual(["reject"]);
    const ofQueue = answers.give(queued.delivery, answer);
    for (const confirm of confirms) confirm();
    await Promise.all([...first, ofQueue]);
    expect(queued.settlements).toEqual(["acknowledge"]);
    const later = deliver(true);
    await answers.give(later.delivery, async () => undefined);
    expect(later.settlements).toEqual(["acknowledge"]);
  });
});

describe("an answer that is the same for every order", () => {
  it("is given 32 times at once, and once more for all others", async () => {
    const { confirms, answer } = confirmation();
    const same = new SameAnswer(answer);
    const first = Array.from({ length: 32 }, () => same.give());
    await Promise.all(Array.from({ length: 1000 }, () => same.give()));
    expect(confirms).toHaveLength(32);
    for (const confirm of confirms.slice()) confirm();
    await nextTurn();
    expect(confirms).toHaveLength(33);
    confirms[32]?.();
    await Promise.all(first);
  });
});

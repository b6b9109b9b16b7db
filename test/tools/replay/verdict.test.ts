import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatUsd } from "../../../models/domain/money.ts";
import {
  countReply,
  countUnanswered,
  emptyTally,
  nanoFromDecimal,
  percentile,
} from "../../../tools/replay/statistics.ts";
import { renderBooks, renderTally } from "../../../tools/replay/table.ts";
import {
  type BookDifference,
  findDisagreements,
  type Reconciliation,
  subtractBooks,
} from "../../../tools/replay/verdict.ts";

const AGREEING: BookDifference = {
  gatewayEvents: 10,
  logEvents: 10,
  warehouseEvents: 10,
  deadLetters: 0,
  gatewayCost: 5_000n,
  warehouseCost: 5_000n,
};
const APP = { sent: 10, unanswered: 0, toldCost: 4_000n };

describe("the verdict", () => {
  test("books that agree leave nothing to say", () => {
    expect(findDisagreements(AGREEING, APP)).toEqual([]);
  });

  test("a request without an answer may be in the books or not", () => {
    expect(findDisagreements(AGREEING, { ...APP, sent: 11, unanswered: 1 })).toEqual([]);
    expect(findDisagreements(AGREEING, { ...APP, unanswered: 1 })).toEqual([]);
    expect(findDisagreements(AGREEING, { ...APP, sent: 12, unanswered: 1 })).toHaveLength(1);
  });

  test.each([
    [{ gatewayEvents: 9, logEvents: 9, warehouseEvents: 9 }, "answered 10"],
    [{ gatewayEvents: 11, logEvents: 11, warehouseEvents: 11 }, "1 events more than were sent"],
    [{ logEvents: 9, warehouseEvents: 9 }, "the log has 9"],
    [{ warehouseEvents: 9 }, "the warehouse has 9"],
    [{ deadLetters: 1 }, "dead letters"],
    [{ warehouseCost: 4_999n }, "4999 nano-dollars"],
    [{ gatewayCost: 3_999n, warehouseCost: 3_999n }, "the answers told"],
  ])("a difference of one is found and named (%#)", (change, words) => {
    const found = findDisagreements({ ...AGREEING, ...change }, APP);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(words);
  });

  test("earlier traffic does not count", () => {
    const before: Reconciliation = {
      gateway: { events: 100, costNano: 7 },
      log: { events: 100 },
      warehouse: { rows: 101, distinct: 100, costNano: 7, duplicates: 1 },
      deadLetters: 2,
      lag: 0,
      agree: true,
    };
    const after = {
      ...before,
      gateway: { events: 110, costNano: 5_007 },
      log: { events: 110 },
      warehouse: { rows: 111, distinct: 110, costNano: 5_007, duplicates: 1 },
    };
    expect(subtractBooks(after, before)).toEqual(AGREEING);
  });
});

describe("statistics", () => {
  test("a cost goes to text and back exactly", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (nano) => {
        expect(nanoFromDecimal(formatUsd(nano))).toBe(BigInt(nano));
      }),
    );
    for (const text of ["", "abc", "-1", "1e3", "0.1234567891", "1."])
      expect(nanoFromDecimal(text)).toBeNull();
  });

  test("a percentile is one of the values, and no more than its share of them lies below", () => {
    const values = fc.array(fc.double({ noNaN: true, min: 0, max: 1e6 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(values, fc.double({ noNaN: true, min: 0.01, max: 1 }), (samples, share) => {
        const found = percentile(samples, share);
        if (found === null) throw new Error("there are values");
        expect(samples).toContain(found);
        expect(samples.filter((value) => value < found).length).toBeLessThanOrEqual(share * samples.length);
      }),
    );
    expect(percentile([], 0.5)).toBeNull();
  });

  test("every reply is in exactly one row of the table, and unknown values are called so", () => {
    const tally = emptyTally();
    tally.sent = 5;
    countReply(tally, { kind: "ok", latencyMs: 10, cost: 1_234_500n });
    countReply(tally, { kind: "cached", latencyMs: 1, cost: null });
    countReply(tally, { kind: "denied", latencyMs: 1, code: "rate_limited" });
    countReply(tally, { kind: "failed", latencyMs: 1, code: "provider_error" });
    countReply(tally, { kind: "failed", latencyMs: 1, code: "connection: ECONNRESET" });
    expect(countUnanswered(tally)).toBe(1);
    expect(renderTally(tally, 1_000)).toMatchInlineSnapshot(`
      "  sent                       5 in 1.0 s (5.0/s)
        ok                         1
        cached                     1
        denied                     1
          rate_limited             1
        failed                     2
          provider_error           1
          connection: ECONNRESET   1
        latency p50 / p95 / p99    1.0 ms / 10 ms / 10 ms
        sent late p50 / p99 / max  unknown / unknown / unknown
        spend told by headers      $0.0012345 (1 of 2 answers)"
    `);
    expect(renderBooks(AGREEING, tally)).toMatchInlineSnapshot(`
      "                events  cost
        app                5  $0.0012345 (as told)
        gateway           10  $0.000005
        log               10
        warehouse         10  $0.000005"
    `);
    expect(renderTally(emptyTally(), 0)).toContain("unknown");
  });
});

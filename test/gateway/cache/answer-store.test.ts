import fc from "fast-check";
import { expect, it } from "vitest";
import { openAnswerStore } from "../../../gateway/cache/answer-store.ts";
import { bytesOf } from "../../../gateway/cache/cached-answer.ts";
import { cachedAnswer } from "./cached-answer.ts";

it("never holds more answers or bytes than it may, and what it holds is the last that was put", () => {
  const limits = { maxEntries: 4, maxBytes: 4_000 };
  const step = fc.record({
    name: fc.constantFrom("a", "b", "c", "d", "e", "f"),
    act: fc.constantFrom("put", "get", "delete"),
    length: fc.nat(1_500),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const store = openAnswerStore(limits);
      const put = new Map<string, Buffer>();
      for (const { name, act, length } of steps) {
        const answer = cachedAnswer(name, { body: Buffer.alloc(length, name) });
        if (act === "put") {
          store.put(answer);
          put.set(name, answer.body);
        } else if (act === "delete") store.delete(answer.key);
        else expect([undefined, put.get(name)]).toContain(store.get(answer.key)?.body);
        let bytes = 0;
        let entries = 0;
        store.sweep((kept) => {
          bytes += bytesOf(kept);
          entries += 1;
          return false;
        });
        expect(store.size()).toEqual({ entries, bytes });
        expect(entries).toBeLessThanOrEqual(limits.maxEntries);
        expect(bytes).toBeLessThanOrEqual(limits.maxBytes);
      }
    }),
  );
});

it("lets go first what was not asked for the longest", () => {
  const store = openAnswerStore({ maxEntries: 2, maxBytes: 1 << 20 });
  const [a, b, c] = ["a", "b", "c"].map((name) => cachedAnswer(name));
  if (a === undefined || b === undefined || c === undefined) throw new Error("three answers");
  store.put(a);
  store.put(b);
  store.get(a.key);
  store.put(c);
  expect([store.get(a.key), store.get(b.key), store.get(c.key)]).toEqual([a, null, c]);
});

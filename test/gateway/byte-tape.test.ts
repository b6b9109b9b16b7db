import fc from "fast-check";
import { expect, it } from "vitest";
import { ByteTape } from "../../gateway/byte-tape.ts";

const chunks = fc.array(fc.uint8Array({ maxLength: 9_000 }).map(Buffer.from), { maxLength: 12 });

it("is what was appended, in a row, even when the chunks are written over afterwards", () => {
  fc.assert(
    fc.property(chunks, (appended) => {
      const tape = new ByteTape();
      const expected = Buffer.concat(appended);
      for (const chunk of appended) {
        tape.append(chunk);
        chunk.fill(0);
      }
      expect(tape.length).toBe(expected.length);
      expect(tape.view().equals(expected)).toBe(true);
      tape.clear();
      expect([tape.length, tape.view().length]).toEqual([0, 0]);
    }),
  );
});

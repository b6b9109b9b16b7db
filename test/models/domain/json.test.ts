import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  InvalidJsonError,
  MAX_JSON_DEPTH,
  MAX_JSON_PARTS,
  parseJson,
  parseStorableJson,
} from "../../../models/domain/json.ts";
import { truncate } from "../../../models/domain/text.ts";

const nested = (depth: number, open = "[", close = "]"): string => open.repeat(depth) + close.repeat(depth);
const bytes = (text: string): Buffer => Buffer.from(text);

describe("JSON from outside", () => {
  it("is read as JSON.parse reads it, whatever its strings hold", () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: "binary" }), (text) => {
        expect(parseJson(text)).toEqual(JSON.parse(text));
        expect(parseStorableJson(bytes(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  it("is refused above the depth limit, whatever stands in its strings, and taken at it", () => {
    const strings = fc.string({ unit: fc.constantFrom("[", "]", "{", "}", '"', "\\", "a") });
    fc.assert(
      fc.property(strings, fc.boolean(), (text, isObject) => {
        const [open, close] = isObject ? [`{${JSON.stringify(text)}:`, "}"] : ["[", "]"];
        const wrap = (depth: number): string =>
          open.repeat(depth) + JSON.stringify(text) + close.repeat(depth);
        expect(() => parseJson(wrap(MAX_JSON_DEPTH))).not.toThrow();
        expect(() => parseJson(wrap(MAX_JSON_DEPTH + 1))).toThrow("nested deeper");
      }),
    );
  });

  it("is refused where it is kept and has more objects and arrays than a schema may look at, and taken at the limit", () => {
    const withParts = (parts: number) =>
      bytes(
        `["[{",${Array(parts - 1)
          .fill("{}")
          .join(",")}]`,
      );
    expect(() => parseStorableJson(withParts(MAX_JSON_PARTS))).not.toThrow();
    expect(() => parseStorableJson(withParts(MAX_JSON_PARTS + 1))).toThrow("objects and arrays");
  });

  it.each([
    ["a million open brackets", "[".repeat(1_000_000)],
    ["a million levels", nested(1_000_000)],
    ["a million levels of objects", nested(1_000_000, '{"a":', "}").replace('{"a":}', '{"a":0}')],
    ["half a million escaped quotes without an end", `"${'\\"'.repeat(500_000)}`],
    ["a million backslashes", `"${"\\".repeat(1_000_001)}`],
  ])("is refused and not recursed into when it has %s", (_what, text) => {
    expect(() => parseJson(text)).toThrow(InvalidJsonError);
  });

  it("is refused when a text of it, or a field's name, has half of a surrogate pair", () => {
    const half = fc.integer({ min: 0xd800, max: 0xdfff }).map((code) => String.fromCharCode(code));
    const text = fc.string({ unit: "binary", maxLength: 5 });
    const broken = fc
      .tuple(text, half, text)
      .map((parts) => parts.join(""))
      .filter((joined) => /\p{Surrogate}/u.test(joined));
    const wrappings: readonly ((broken: string) => unknown)[] = [
      (given) => given,
      (given) => ({ comment: given }),
      (given) => ({ [given]: 1 }),
      (given) => [{ a: [1, null, { b: ["fine 😀", given] }] }],
    ];
    fc.assert(
      fc.property(broken, fc.constantFrom(...wrappings), (given, wrap) => {
        expect(() => parseStorableJson(bytes(JSON.stringify(wrap(given))))).toThrow(
          "half of a surrogate pair",
        );
      }),
    );
  });

  it("says where the half of a surrogate pair is, and takes a whole one that is written in two escapes", () => {
    expect(() => parseStorableJson(bytes('{"a":[1,{"b":"\\uD83D"}]}'))).toThrow("in a.1.b");
    expect(parseStorableJson(bytes('"\\ud83d\\ude00 \\\\ud83d"'))).toBe("😀 \\ud83d");
  });

  it.each([
    ["a byte that begins nothing", [0x22, 0xff, 0x22]],
    ["a cut character", [0x22, 0xc3, 0x22]],
    ["a surrogate in UTF-8", [0x22, 0xed, 0xa0, 0xbd, 0x22]],
  ])("is refused when its bytes are no UTF-8: %s", (_what, given) => {
    expect(() => parseStorableJson(Buffer.from(given))).toThrow("is not valid UTF-8");
  });

  it("is never quoted in the message about it", () => {
    expect(() => parseStorableJson(bytes('{"prompt": my secret'))).toThrow(/^is not valid JSON$/);
  });
});

it("a text that is cut stays whole characters", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.nat(10), (text, length) => {
      const cut = truncate(text, length);
      expect(text.startsWith(cut)).toBe(true);
      expect(truncate(`\ud83da${text}`, length + 2)).toBe(`\ufffda${cut}`);
      expect(cut).not.toMatch(/\p{Surrogate}/u);
      expect(cut.length).toBeGreaterThanOrEqual(Math.min(text.length, length) - 1);
      expect(cut.length).toBeLessThanOrEqual(length);
    }),
  );
});

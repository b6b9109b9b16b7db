import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../models/simulation/random.ts";
import { MAX_OUTPUT_TOKENS } from "../../simulated-provider/behaviour.ts";
import { readProse, writeProse } from "../../simulated-provider/prose.ts";
import {
  countTokens,
  sliceTokens,
  type TokenText,
  tokenizeJson,
  truncate,
} from "../../simulated-provider/token-text.ts";

const prose = writeProse(seededRandom(1));
const counts = fc.oneof(fc.integer({ min: 1, max: 400 }), fc.constant(MAX_OUTPUT_TOKENS));

function tokensOf(content: TokenText): string[] {
  return Array.from({ length: countTokens(content) }, (_, index) => sliceTokens(content, index, index + 1));
}

test("an answer has exactly the tokens that were asked for, and they add up to its text", () => {
  fc.assert(
    fc.property(counts, fc.boolean(), fc.integer(), (count, isComplete, seed) => {
      const content = readProse(prose, { count, isComplete }, seededRandom(seed));
      const tokens = tokensOf(content);
      expect(tokens).toHaveLength(count);
      expect(tokens.join("")).toBe(content.text);
      expect(tokens.every((token) => token !== "")).toBe(true);
      expect(content.text).toMatch(/^[A-Z]/);
      if (isComplete) expect(content.text).toMatch(/[a-z0-9]\.$/);
    }),
    { numRuns: 60 },
  );
});

test("JSON cut into tokens adds up to the same JSON, also cut short", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 1, max: 50 }), (value, limit) => {
      const content = tokenizeJson(value);
      expect(tokensOf(content).join("")).toBe(JSON.stringify(value));
      const short = truncate(content, limit);
      expect(countTokens(short)).toBe(Math.min(limit, countTokens(content)));
      expect(content.text.startsWith(tokensOf(short).join(""))).toBe(true);
    }),
  );
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Directive, directive } from "../../../models/domain/directive.ts";
import { foldControls } from "../../../models/policy/controls.ts";
import { foldByUser } from "../../../models/policy/controls-by-user.ts";
import { userBucket } from "../../../models/policy/user-bucket.ts";
import { testCatalog } from "../../pipeline/test-catalog.ts";

const catalog = testCatalog();

function limitOf(requestsPerMinute: number, share?: number): Directive {
  return directive.parse({
    id: `01990000-0000-7000-8000-${String(requestsPerMinute).padStart(12, "0")}`,
    issuedBy: { type: "rule", name: "test" },
    reason: "test",
    evidence: null,
    issuedAt: 1_000,
    expiresAt: 2_000 + requestsPerMinute,
    kind: "rate-limit",
    params: { requestsPerMinute, scope: "user" },
    ...(share === undefined ? {} : { share }),
  });
}

describe("a user's bucket", () => {
  it.each([
    ["", 0],
    ["test", 0xba6bd213],
    ["Hello, world!", 0xc0363e43],
    ["The quick brown fox jumps over the lazy dog", 0x2e4ff723],
  ])("is MurmurHash3 of the id: %j", (id, hash) => {
    expect(userBucket(id) * 2 ** 32).toBe(hash);
  });

  it("is even over ids that follow one another", () => {
    const buckets = Array.from({ length: 10_000 }, (_, index) => userBucket(`user-${index}`));
    for (const share of [0.1, 0.25, 0.5, 0.9]) {
      const below = buckets.filter((bucket) => bucket < share).length / buckets.length;
      expect(Math.abs(below - share)).toBeLessThan(0.02);
    }
  });
});

describe("controls by user", () => {
  it("a directive with a share holds for exactly the users whose bucket is below it, one without for all", () => {
    const directives = [limitOf(90), limitOf(50, 0.5), limitOf(20, 0.2)];
    const byUser = foldByUser(catalog, directives);
    fc.assert(
      fc.property(fc.string(), (id) => {
        const bucket = userBucket(id);
        const expected = directives.filter(({ share }) => share === undefined || bucket < share);
        expect(byUser.of(id).version).toBe(foldControls(catalog, expected).version);
      }),
    );
    expect(byUser.all.userRequestsPerMinute?.limit).toBe(90);
    expect(byUser.nextExpiryMs).toBe(2_020);
  });

  it("are the same object for all users where no directive has a share", () => {
    const byUser = foldByUser(catalog, [limitOf(90)]);
    expect(byUser.of("a")).toBe(byUser.all);
    expect(byUser.of("b")).toBe(byUser.all);
  });
});

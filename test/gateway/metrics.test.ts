import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { counter, histogram } from "../../gateway/metrics/prometheus.ts";
import { usdFromNano } from "../../models/domain/money.ts";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import { testCatalog } from "../support/test-catalog.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)$/;
const LABEL = /([a-z_]+)="((?:[^"\\]|\\.)*)"/g;

/** Parses the text format strictly: every sample stands under its family's `HELP` and `TYPE`. */
function parse(text: string): Sample[] {
  expect(text.endsWith("\n")).toBe(true);
  let family = "";
  const seen = new Set<string>();
  return text
    .trimEnd()
    .split("\n")
    .flatMap((line) => {
      const typed = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line);
      if (typed?.[1] !== undefined) {
        family = typed[1];
        expect(seen.has(family), `${family} comes once`).toBe(false);
        seen.add(family);
        return [];
      }
      if (line.startsWith("# HELP ")) return [];
      const [, name = "", labelText = "", value = ""] = LINE.exec(line) ?? [];
      expect(name.startsWith(family) && name !== "", line).toBe(true);
      const labels = Object.fromEntries(
        [...labelText.matchAll(LABEL)].map(([, key = "", said = ""]) => [
          key,
          said.replace(/\\(.)/g, (_all, sign: string) => (sign === "n" ? "\n" : sign)),
        ]),
      );
      expect(Number.isNaN(Number(value)), line).toBe(false);
      return [{ name, labels, value: Number(value) }];
    });
}

function sumOf(samples: readonly Sample[], name: string, labels: Record<string, string> = {}): number {
  return samples
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
    .reduce((sum, { value }) => sum + value, 0);
}

describe("GET /metrics", () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({
      catalog: testCatalog({ features: { plan: { cache: { minutes: 60 } } } }),
    });
  });
  afterAll(() => gateway.close());

  const scrape = async () => {
    const response = await fetch(`${gateway.url}/metrics`);
    expect(response.headers.get("content-type")).toContain("text/plain; version=0.0.4");
    return parse(await response.text());
  };

  it("tells what the events tell", async () => {
    const ask = async (metadata: Record<string, string>, feature = "") => {
      const response = await gateway.post(
        { model: "auto", messages: [{ role: "user", content: "hi" }], metadata },
        { "x-vigor-user": "ada", ...(feature === "" ? {} : { "x-vigor-feature": feature }) },
      );
      await response.text();
    };
    await ask({});
    await ask({}, "plan");
    await ask({}, "plan");
    await ask({ simulate_error: "500", simulate_error_at: "cheap" });
    await ask({ simulate_error: "400" });
    await ask({ simulate_error: "cut" });
    await ask({ simulate_answer: "refusal" });
    const samples = await scrape();
    const events = await gateway.events();
    expect(events).toHaveLength(7);
    // What the client asked wrongly is a refusal, although a provider was called.
    const isMistake = ({ http_status: status }: RequestEvent): boolean => status >= 400 && status < 500;
    for (const outcome of ["ok", "cached", "failed", "denied"]) {
      const count = events.filter(
        (event) => (isMistake(event) ? "denied" : event.outcome) === outcome,
      ).length;
      expect(count).toBeGreaterThan(0);
      expect(sumOf(samples, "vigor_requests_total", { outcome, tier: "free" })).toBe(count);
      expect(sumOf(samples, "vigor_request_duration_seconds_count", { outcome })).toBe(count);
      expect(sumOf(samples, "vigor_request_duration_seconds_bucket", { outcome, le: "+Inf" })).toBe(count);
    }
    const cost = events.reduce((sum, event) => sum + event.cost, 0);
    expect(sumOf(samples, "vigor_cost_usd_total")).toBeCloseTo(usdFromNano(cost), 12);
    const saved = events.reduce((sum, event) => sum + event.cache_saved, 0);
    expect(sumOf(samples, "vigor_cache_saved_usd_total")).toBeCloseTo(usdFromNano(saved), 12);
    const again = events.filter(({ asked_again_of: provider }) => provider === "cheap").length;
    expect(again).toBeGreaterThan(0);
    expect(sumOf(samples, "vigor_answer_flaws_total", { provider: "cheap", flaw: "asked_again" })).toBe(
      again,
    );
    expect(sumOf(samples, "vigor_answer_flaws_total", { provider: "cheap", flaw: "refused" })).toBe(1);
    const output = events.reduce((sum, event) => sum + event.output_tokens, 0);
    expect(sumOf(samples, "vigor_tokens_total", { kind: "output" })).toBe(output);
    expect(sumOf(samples, "vigor_provider_calls_total", { provider: "cheap", outcome: "server-error" })).toBe(
      1,
    );
    expect(sumOf(samples, "vigor_refusals_total", { code: "provider_rejected" })).toBe(1);
    expect(sumOf(samples, "vigor_cache_entries")).toBe(1);
    expect(sumOf(samples, "vigor_provider_breaker", { provider: "cheap" })).toBe(0);
    expect(sumOf(samples, "vigor_requests_in_work")).toBe(0);
    for (const name of ["vigor_events_pending", "vigor_log_pending_bytes", "vigor_provider_calls_in_flight"])
      expect(
        samples.some((sample) => sample.name === name),
        name,
      ).toBe(true);
  });

  it("names no user, no app and nothing that a caller made up", async () => {
    for (const model of ["made-up-model", "another one"]) {
      const response = await gateway.post(
        { model, messages: [{ role: "user", content: "secret" }] },
        { "x-vigor-user": "eve-the-user", "x-vigor-feature": "made-up" },
      );
      await response.text();
    }
    const labels = (await scrape()).flatMap((sample) => Object.values(sample.labels)).join(" ");
    for (const text of ["eve-the-user", "made-up", "secret", "test"]) expect(labels).not.toContain(text);
  });
});

it("a family never has more series than it may, and what is above is counted under `other`", () => {
  const family = counter({ name: "x_total", help: "x", labels: ["a"] });
  for (let at = 0; at < 1_500; at++) family.add([`value-${at}`], 1);
  const samples = parse(family.render());
  expect(samples).toHaveLength(1_001);
  expect(sumOf(samples, "x_total")).toBe(1_500);
  expect(sumOf(samples, "x_total", { a: "other" })).toBe(500);
});

it("whatever stands in a label comes back, and a histogram's buckets add up to its count", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string(), fc.double({ min: 0, max: 10, noNaN: true })), { maxLength: 20 }),
      (given) => {
        const family = histogram({ name: "x_seconds", help: "x", labels: ["a"] }, [0.1, 1, 5]);
        for (const [label, value] of given) family.observe([label], value);
        if (given.length === 0) return;
        const samples = parse(family.render());
        for (const [label] of given) {
          const own = given.filter(([other]) => other === label).map(([, value]) => value);
          expect(sumOf(samples, "x_seconds_count", { a: label })).toBe(own.length);
          expect(sumOf(samples, "x_seconds_bucket", { a: label, le: "1" })).toBe(
            own.filter((value) => value <= 1).length,
          );
          expect(sumOf(samples, "x_seconds_bucket", { a: label, le: "+Inf" })).toBe(own.length);
        }
      },
    ),
  );
});

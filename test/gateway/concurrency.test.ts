import { describe, expect, it } from "vitest";
import type { DirectiveInstruction } from "../../models/domain/directive.ts";
import { nanoFromUsd } from "../../models/domain/money.ts";
import { providerBill } from "../support/provider-bill.ts";
import { catalogDocument, testCatalog } from "../support/test-catalog.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { waitFor } from "../support/wait-for.ts";

const REQUESTS = 200;
const OUTPUT_TOKENS = 100;
const USERS = 20;

/** About fifty requests by their actual cost, about nine by their bounds. */
const LIMIT_USD = 0.0009;
const LIMIT_REQUESTS = 57;

interface Scope {
  readonly scope: string;
  readonly catalog: Record<string, unknown>;
  readonly directive?: DirectiveInstruction;
  /** Many users, or the one whose limit it is. */
  readonly users: number;
  readonly limit: { readonly usd: number } | { readonly requests: number };
  readonly code: string;
}

const ample = { dailyRequests: -1, weeklyBudget: 1000, monthlyBudget: 1000, allowedProviders: ["cheap"] };
const tiers = (given: Record<string, unknown>) => ({ tiers: { free: { ...ample, ...given } } });

const SCOPES: readonly Scope[] = [
  {
    scope: "a user's requests a day",
    catalog: tiers({ dailyRequests: LIMIT_REQUESTS }),
    users: 1,
    limit: { requests: LIMIT_REQUESTS },
    code: "daily_requests_exceeded",
  },
  {
    scope: "a user's requests a minute",
    catalog: tiers({ requestsPerMinute: LIMIT_REQUESTS }),
    users: 1,
    limit: { requests: LIMIT_REQUESTS },
    code: "rate_limited",
  },
  {
    scope: "the requests a minute of all users",
    catalog: tiers({}),
    directive: {
      kind: "rate-limit",
      params: { requestsPerMinute: LIMIT_REQUESTS, scope: "global" },
    },
    users: USERS,
    limit: { requests: LIMIT_REQUESTS },
    code: "rate_limited",
  },
  {
    scope: "a user's money a week",
    catalog: tiers({ weeklyBudget: LIMIT_USD }),
    users: 1,
    limit: { usd: LIMIT_USD },
    code: "weekly_budget_exceeded",
  },
  {
    scope: "a user's money a month",
    catalog: tiers({ monthlyBudget: LIMIT_USD }),
    users: 1,
    limit: { usd: LIMIT_USD },
    code: "monthly_budget_exceeded",
  },
  {
    scope: "the money a day of all users",
    // Safeguards off: this is about the hard limit behind them.
    catalog: {
      ...tiers({}),
      safeguards: { dailyBudget: LIMIT_USD, weeklyBudget: 1000, pauseAt: 2, fallbackAt: 2, stopAt: 2 },
    },
    users: USERS,
    limit: { usd: LIMIT_USD },
    code: "global_daily_budget_exceeded",
  },
  {
    scope: "the money a week of all users",
    catalog: {
      ...tiers({}),
      safeguards: { dailyBudget: 1000, weeklyBudget: LIMIT_USD, pauseAt: 2, fallbackAt: 2, stopAt: 2 },
    },
    users: USERS,
    limit: { usd: LIMIT_USD },
    code: "global_weekly_budget_exceeded",
  },
  {
    scope: "the emergency budget",
    catalog: tiers({}),
    directive: { kind: "emergency-budget", params: { dailyUsd: LIMIT_USD } },
    users: USERS,
    limit: { usd: LIMIT_USD },
    code: "emergency_budget_exceeded",
  },
];

describe("two hundred requests at once, half of them streams, of which only some fit", () => {
  it.each(SCOPES)(
    "never spend above $scope, and no less than one request below it",
    async (scope) => {
      const catalog = testCatalog({ ...catalogDocument(), ...scope.catalog });
      const gateway = await startTestGateway({ catalog });
      try {
        if (scope.directive !== undefined) {
          const id = await gateway.direct(scope.directive, 600_000);
          await waitFor("the directive", () => inForce(gateway, id));
        }
        const minuteBefore = minuteNow();
        const answers = await Promise.all(
          Array.from({ length: REQUESTS }, (_, at) => ask(gateway, { at, users: scope.users })),
        );
        expect(new Set(answers.map(({ code }) => code))).toEqual(new Set(["", scope.code]));
        const events = await gateway.events();
        expect(events).toHaveLength(REQUESTS);
        const spent = providerBill(gateway.provider.books(), catalog);
        expect(events.reduce((sum, { cost }) => sum + cost, 0)).toBe(spent);
        const served = answers.filter(({ code }) => code === "").length;
        if ("requests" in scope.limit) {
          // A minute that ends meanwhile begins a new limit.
          const minutes = scope.code === "rate_limited" ? 1 + minuteNow() - minuteBefore : 1;
          expect(served).toBeGreaterThanOrEqual(Math.min(scope.limit.requests, REQUESTS));
          expect(served).toBeLessThanOrEqual(scope.limit.requests * minutes);
        } else {
          const limit = nanoFromUsd(scope.limit.usd);
          expect(spent).toBeLessThanOrEqual(limit);
          expect(spent).toBeGreaterThanOrEqual(limit - (await boundOf(gateway)));
        }
      } finally {
        await gateway.close();
      }
    },
    60_000,
  );
});

const minuteNow = (): number => Math.floor(Date.now() / 60_000);

function inForce(gateway: TestGateway, id: string): boolean {
  const { emergencyDailyBudget, globalRequestsPerMinute } = gateway.running.gateway.controls.current();
  return [emergencyDailyBudget, globalRequestsPerMinute].some((limit) => limit?.directive.id === id);
}

const bodyOf = (at: number) => ({
  model: "auto",
  stream: at % 2 === 0,
  max_tokens: OUTPUT_TOKENS,
  messages: [{ role: "user", content: `request ${String(at).padStart(4, "0")}` }],
  // Much less than the bound: what is reserved too much must come back to those who wait.
  metadata: { simulate_output_tokens: "20", simulate_cached_tokens: "0" },
});

async function ask(
  gateway: TestGateway,
  { at, users }: { at: number; users: number },
): Promise<{ code: string }> {
  const response = await gateway.post(bodyOf(at), { "x-vigor-user": `user-${at % users}` });
  const text = await response.text();
  if (response.ok) return { code: "" };
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  const code = /"code":"(\w+)"/.exec(text)?.[1] ?? text;
  return { code };
}

/** What one such request reserves. */
async function boundOf(gateway: TestGateway): Promise<number> {
  const provider = gateway.running.gateway.controls.current().catalog.providers.get("cheap");
  const price = provider?.prices[0]?.price;
  if (price === undefined) throw new Error("no price");
  const { max_tokens: max_completion_tokens, ...asked } = bodyOf(0);
  const imposed = { model: "some-model", max_completion_tokens, service_tier: "default", store: false };
  const sent = { ...asked, ...imposed, stream_options: { include_usage: true } };
  const bytes = JSON.stringify(sent).length + 32;
  // A provider like OpenAI may write the prompt into its cache, for a quarter more.
  return Math.ceil((bytes * 1.25 * price.rates.input + OUTPUT_TOKENS * price.rates.output) / 1000);
}

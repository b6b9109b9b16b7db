import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { costOf } from "../../models/domain/price.ts";
import { reconciliation } from "../../pipeline/reconciliation.ts";
import { testCatalog } from "../support/test-catalog.ts";
import { type RoleName, startTestMachine, type TestMachine } from "../support/test-machine.ts";
import { waitFor } from "../support/wait-for.ts";

const REQUESTS = 240;
const WORKERS = 12;
const USER = "ada";

let machine: TestMachine;

beforeAll(async () => {
  machine = await startTestMachine();
  await machine.control("PUT", `/api/users/${USER}`, { tier: "unlimited" });
  await setLatency(0.05);
}, 90_000);
afterAll(() => machine.close(), 60_000);

describe("kill -9 in the middle of a load", () => {
  it.each<RoleName>(["ingest", "warehouse", "gateway"])(
    "of the %s loses no recorded event, doubles none, and no counter is lower than what was spent",
    async (role) => {
      const answered = await loadWhile(() => machine.kill(role));
      const books = await agreement();
      expect(books).toMatchObject({ deadLetters: 0, lag: 0, missing: 0 });
      expect(books.warehouse.duplicates).toBe(0);
      expect(books.warehouse.distinct).toBe(books.log.events);
      expect(books.gateway.costNano).toBe(books.warehouse.costNano);
      expect(books.warehouse.costNano).toBeGreaterThanOrEqual(await billedByProviders());
      expect(books.warehouse.distinct).toBeGreaterThanOrEqual(answered);
    },
    120_000,
  );

  it("and a stop by Ctrl-C exits with 0", async () => {
    expect(await machine.stop()).toBe(0);
    expect(machine.output()).not.toContain("Unhandled");
  }, 60_000);
});

/** Sends the requests, `disturb` when a third of them is through; answers how many were answered. */
async function loadWhile(disturb: () => Promise<void>): Promise<number> {
  let started = 0;
  let answered = 0;
  let disturbed: Promise<void> | null = null;
  const worker = async (): Promise<void> => {
    while (started < REQUESTS) {
      started += 1;
      if (started > REQUESTS / 3) disturbed ??= disturb();
      if (await ask()) answered += 1;
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
  await disturbed;
  await waitFor("an answer after the restart", ask, 30_000);
  return answered;
}

/** False when the gateway was not there to answer. */
async function ask(): Promise<boolean> {
  try {
    const response = await fetch(`${machine.gatewayUrl}/v1/chat/completions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${machine.key}`,
        "x-vigor-user": USER,
        "content-type": "application/json",
      },
      body: JSON.stringify({
        model: "auto",
        messages: [{ role: "user", content: "hello" }],
        metadata: { simulate_output_tokens: "20" },
      }),
    });
    await response.text();
    return response.ok;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** The books when nothing is in flight any more: what died with the gateway has become orphaned events. */
function agreement() {
  return waitFor(
    "the agreement of the books",
    async () => {
      const user = userWithUsage.parse(await machine.control("GET", `/api/users/${USER}`));
      const books = reconciliation
        .nullable()
        .parse(await machine.control("GET", "/api/metrics/reconciliation"));
      return user.usage.scopes.month.reserved === 0 && books?.agree === true ? books : null;
    },
    60_000,
  );
}

const userWithUsage = z.object({
  usage: z.object({ scopes: z.object({ month: z.object({ reserved: z.number() }) }) }),
});
const providerBooks = z.record(
  z.string(),
  z.object({ promptTokens: z.number(), completionTokens: z.number() }),
);

/** What the providers would charge for all that they have done, at full input price (nano-dollars, rounded up once a provider). */
async function billedByProviders(): Promise<number> {
  const books = providerBooks.parse(await (await fetch(`${machine.simulatedUrl}/books`)).json());
  return Object.entries(books).reduce((sum, [name, { promptTokens, completionTokens }]) => {
    const price = testCatalog().providers.get(name)?.prices[0]?.price;
    if (price === undefined) throw new Error(`no price of ${name}`);
    return (
      sum + costOf({ input: promptTokens, cachedInput: 0, output: completionTokens, reasoning: 0 }, price)
    );
  }, 0);
}

async function setLatency(latencyScale: number): Promise<void> {
  for (const name of testCatalog().providers.keys()) {
    const response = await fetch(`${machine.simulatedUrl}/behaviour/${name}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ latencyScale }),
    });
    expect(response.ok).toBe(true);
  }
}

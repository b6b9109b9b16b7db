import { z } from "zod";
import type { TestMachine } from "../../support/test-machine.ts";
import { waitFor } from "../../support/wait-for.ts";

export interface AppAnswer {
  readonly status: number;
  /** Of the refusal; absent: there was none. */
  readonly code: string | undefined;
  readonly provider: string | undefined;
}

const refusal = z.object({ error: z.object({ code: z.string() }) });

/** A request as an app makes it, for one of its users. */
export async function askGateway({ gatewayUrl, key }: TestMachine, user: string): Promise<AppAnswer> {
  const response = await fetch(`${gatewayUrl}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "x-vigor-user": user, "content-type": "application/json" },
    body: JSON.stringify({ model: "auto", max_tokens: 20, messages: [{ role: "user", content: "Hello" }] }),
  });
  const refused = refusal.safeParse(await response.json());
  return {
    status: response.status,
    code: refused.success ? refused.data.error.code : undefined,
    provider: response.headers.get("x-vigor-provider") ?? undefined,
  };
}

const FIRST_USERS = ["ada", "grace", "linus"];
const REQUESTS_EACH = 3;

/** Some requests of some users; resolves when the warehouse has them. */
export async function fillWithRequests(machine: TestMachine): Promise<void> {
  for (let request = 0; request < REQUESTS_EACH; request++) {
    for (const user of FIRST_USERS) {
      const { status } = await askGateway(machine, user);
      if (status !== 200) throw new Error(`the gateway answered ${status}`);
    }
  }
  const shape = z.object({ requestsToday: z.number() });
  await waitFor(
    "the requests in the warehouse",
    async () => {
      const answer = await machine.control("GET", "/api/metrics/realtime");
      return answer !== null && shape.parse(answer).requestsToday >= FIRST_USERS.length * REQUESTS_EACH;
    },
    30_000,
  );
}

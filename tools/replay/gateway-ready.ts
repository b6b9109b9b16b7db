import { z } from "zod";
import { pause } from "./control-api.ts";
import { ReplayError } from "./replay-error.ts";

/** A key or a tier travels to the gateways through the event log; it is there within a second. */
const MAX_WAIT_MS = 15_000;
const POLL_MS = 50;

const usage = z.object({ tier: z.string() });

/** Throws {@link ReplayError} when no gateway answers. */
export async function checkGateway(gatewayUrl: string): Promise<void> {
  await ask(gatewayUrl, "/healthz", {});
}

/** Waits until the gateway knows the key and these users' tiers. */
export async function waitForGateway(
  gatewayUrl: string,
  key: string,
  users: readonly { readonly id: string; readonly tier: string }[],
): Promise<void> {
  const deadlineMs = performance.now() + MAX_WAIT_MS;
  for (const user of users) {
    for (;;) {
      const answer = await ask(gatewayUrl, "/v1/usage", {
        authorization: `Bearer ${key}`,
        "x-vigor-user": user.id,
      });
      const tier = answer.ok ? usage.parse(await answer.json()).tier : null;
      if (tier === user.tier) break;
      if (performance.now() >= deadlineMs) throw new ReplayError(await explain(answer, user, tier));
      await pause(POLL_MS);
    }
  }
}

async function explain(
  answer: Response,
  user: { readonly id: string; readonly tier: string },
  tier: string | null,
): Promise<string> {
  if (answer.status === 401) return "the gateway does not know the key; leave --key out to have one made";
  if (tier === null) return `GET /v1/usage answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`;
  return `the gateway has ${user.id} in tier ${tier}, not in ${user.tier}, ${MAX_WAIT_MS / 1000} s after it was set`;
}

async function ask(gatewayUrl: string, path: string, headers: Record<string, string>): Promise<Response> {
  try {
    return await fetch(`${gatewayUrl}${path}`, { headers, signal: AbortSignal.timeout(MAX_WAIT_MS) });
  } catch (cause) {
    throw new ReplayError(`no gateway answers at ${gatewayUrl}. Start Vigor with: npm start`, { cause });
  }
}

import { setTimeout as delay } from "node:timers/promises";

export interface LoadOptions {
  /** Gateways, asked in turn. */
  readonly urls: readonly string[];
  readonly key: string;
  /** Begins the names of this load's users. */
  readonly name: string;
}

export interface Load {
  readonly name: string;
  /** How many have been answered with 200 so far. */
  answered(): number;
  sent(): number;
  /** Asks again for users who were answered often: what was used before counts on. */
  revisit(): Promise<void>;
  stop(): Promise<LoadReport>;
}

export interface LoadReport {
  readonly sent: number;
  /** Ids of the requests that were answered with 200, whole. */
  readonly answeredIds: readonly string[];
  /** Ids of those that were denied or failed, and answered all the same: each has its event, too. */
  readonly deniedIds: readonly string[];
  readonly answersOfUser: ReadonlyMap<string, number>;
  readonly statuses: ReadonlyMap<number, number>;
}

const WORKERS = 12;
/** More than a user's limit of the day, so that limits are reached all the time. */
const REQUESTS_OF_USER = 40;
const PACE_MS = 10;
const USERS_REVISITED = 3;
const TIMEOUT_MS = 30_000;
/** Stands for a request that got no answer. */
export const NO_ANSWER = 0;

/** Requests without a break until it is stopped. */
export function startLoad({ urls, key, name }: LoadOptions): Load {
  const answeredIds: string[] = [];
  const deniedIds: string[] = [];
  const answersOfUser = new Map<string, number>();
  const statuses = new Map<number, number>();
  let sent = 0;
  let stopping = false;
  const send = async (user: string): Promise<void> => {
    const { status, id } = await ask(urls[sent++ % urls.length] ?? "", key, user);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status !== 200) {
      if (id !== "") deniedIds.push(id);
      return;
    }
    answeredIds.push(id);
    answersOfUser.set(user, (answersOfUser.get(user) ?? 0) + 1);
  };
  const worker = async (): Promise<void> => {
    while (!stopping) {
      await send(`${name}-${Math.floor(sent / REQUESTS_OF_USER)}`);
      await delay(PACE_MS);
    }
  };
  const workers = Array.from({ length: WORKERS }, worker);
  return {
    name,
    answered: () => answeredIds.length,
    sent: () => sent,
    async revisit() {
      const often = [...answersOfUser].toSorted(([, a], [, b]) => b - a).slice(0, USERS_REVISITED);
      for (const [user] of often)
        await Promise.all(Array.from({ length: REQUESTS_OF_USER }, () => send(user)));
    },
    async stop() {
      stopping = true;
      await Promise.all(workers);
      return { sent, answeredIds, deniedIds, answersOfUser, statuses };
    },
  };
}

async function ask(url: string, key: string, user: string): Promise<{ status: number; id: string }> {
  try {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "x-vigor-user": user, "content-type": "application/json" },
      body: JSON.stringify({
        model: "auto",
        messages: [{ role: "user", content: "hello" }],
        metadata: { simulate_output_tokens: "20" },
      }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const id = response.headers.get("x-vigor-request-id") ?? "";
    await response.text();
    return { status: response.status, id };
  } catch (error) {
    const isCut = error instanceof TypeError || (error instanceof Error && error.name === "TimeoutError");
    if (!isCut) throw error;
    return { status: NO_ANSWER, id: "" };
  }
}

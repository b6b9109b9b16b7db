import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Agent } from "undici";
import { z } from "zod";
import type { SimulatedUser } from "./population.ts";
import { ReplayError } from "./replay-error.ts";
import { type Reconciliation, reconciliation } from "./verdict.ts";

/** What an operator does around the replay. Failures are {@link ReplayError}s. */
export interface ControlApi {
  createKey(name: string): Promise<string>;
  deleteKey(): Promise<void>;
  setTiers(users: readonly SimulatedUser[], onProgress: (done: number) => void): Promise<void>;
  readBooks(): Promise<Reconciliation>;
  /** Once nothing is on its way any more, or after {@link MAX_LAG_WAIT_MS} as they are then. */
  readSettledBooks(): Promise<Reconciliation>;
  close(): Promise<void>;
}

const CONNECTIONS = 32;
const TIMEOUT_MS = 30_000;
export const MAX_LAG_WAIT_MS = 30_000;
const POLL_MS = 250;

const createdKey = z.object({ id: z.string(), key: z.string() });

export function openControlApi(url: string, adminToken: string): ControlApi {
  const agent = new Agent({ connections: CONNECTIONS, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
  let ownKeyId: string | null = null;

  const call = async (
    method: "GET" | "POST" | "PUT" | "DELETE",
    path: string,
    body?: object,
  ): Promise<unknown> => {
    const headers = { authorization: `Bearer ${adminToken}`, "content-type": "application/json" };
    const answer = await agent
      .request({ origin: url, path, method, headers, body: body === undefined ? null : JSON.stringify(body) })
      .catch((cause: unknown) => {
        throw new ReplayError(`the control API at ${url} does not answer. Start Vigor with: npm start`, {
          cause,
        });
      });
    const text = await answer.body.text();
    if (answer.statusCode === 401 || answer.statusCode === 403) {
      throw new ReplayError(
        `the control API at ${url} refuses the admin token; set ADMIN_TOKEN to the one it uses`,
      );
    }
    if (answer.statusCode >= 300) {
      throw new ReplayError(`${method} ${url}${path} answered ${answer.statusCode}: ${text.slice(0, 300)}`);
    }
    return text === "" ? null : JSON.parse(text);
  };
  const readBooks = async (): Promise<Reconciliation> =>
    reconciliation.parse(await call("GET", "/api/metrics/reconciliation"));

  return {
    async createKey(name) {
      const { id, key } = createdKey.parse(await call("POST", "/api/keys", { name }));
      ownKeyId = id;
      return key;
    },
    async deleteKey() {
      if (ownKeyId !== null) await call("DELETE", `/api/keys/${encodeURIComponent(ownKeyId)}`);
      ownKeyId = null;
    },
    async setTiers(users, onProgress) {
      let next = 0;
      const work = async (): Promise<void> => {
        for (let user = users[next++]; user !== undefined; user = users[next++]) {
          await call("PUT", `/api/users/${encodeURIComponent(user.id)}`, { tier: user.tier });
          onProgress(next);
        }
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, work));
    },
    readBooks,
    async readSettledBooks() {
      const deadlineMs = performance.now() + MAX_LAG_WAIT_MS;
      for (;;) {
        const books = await readBooks();
        const isSettled = books.lag === 0 && books.gateway.events === books.log.events;
        if (isSettled || performance.now() >= deadlineMs) return books;
        await pause(POLL_MS);
      }
    },
    close: () => agent.destroy(),
  };
}

/** From the environment, else from the file that the first start has written. */
export async function findAdminToken(given: string | null, dataDir: string): Promise<string> {
  if (given !== null) return given;
  const file = join(dataDir, "admin-token");
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (cause) {
    throw new ReplayError(
      `there is no admin token: set ADMIN_TOKEN, or start Vigor with npm start, which writes ${file}`,
      { cause },
    );
  }
}

export function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type Random, seededRandom } from "../../models/simulation/random.ts";
import { type Reconciliation, reconciliation } from "../../pipeline/reconciliation.ts";
import { waitFor } from "../support/wait-for.ts";
import { tell } from "./support/fault-table.ts";
import { type Installation, kill, openInstallation, type StartedProduct } from "./support/npm-start.ts";

/** `VIGOR_TEST_STOPS=50` tries more moments. */
const STOPS = z.coerce.number().int().positive().default(12).parse(process.env.VIGOR_TEST_STOPS);
const SEED = z.coerce.number().int().nonnegative().default(1).parse(process.env.VIGOR_TEST_SEED);
const MAX_STOP_MS = 15_000;
/** A start takes about that long; a stop may come at any point of it. */
const MAX_START_MS = 5_000;
const BOOKS_TIMEOUT_MS = 60_000;
const USER = "ada";
const ROLES = ["gateway", "ingest", "pipeline", "warehouse"] as const;

type Moment =
  | "while it starts"
  | "idle"
  | "with requests in flight"
  | "with a role restarting"
  | "after a load";
const MOMENTS: readonly Moment[] = [
  "with requests in flight",
  "with a role restarting",
  "after a load",
  "while it starts",
  "idle",
];
type Stop = "Ctrl-C" | "SIGTERM to the group" | "SIGTERM to npm only" | "kill -9 of npm only";
const WAYS: readonly Stop[] = [
  "Ctrl-C",
  "SIGTERM to npm only",
  "SIGTERM to the group",
  "Ctrl-C",
  "SIGTERM to npm only",
  "Ctrl-C",
  "kill -9 of npm only",
];

let installation: Installation;
let sent = 0;
let answered = 0;
let last: Reconciliation | null = null;
beforeAll(async () => {
  installation = await openInstallation({});
});
// After a test that failed, the next one begins with nothing running.
afterEach(() => installation.killAll());
afterAll(async () => {
  await tell({
    fault: "Ctrl-C or SIGTERM, at random moments, and the next start",
    times: STOPS,
    sent,
    answered,
    lost: last?.missing ?? answered,
    double: last?.warehouse.duplicates ?? 0,
    overLimit: 0,
  });
  await installation.close();
});

const random = seededRandom(SEED);
const stops = Array.from({ length: STOPS }, (_, index) => ({
  moment: MOMENTS[index % MOMENTS.length] ?? "idle",
  way: WAYS[index % WAYS.length] ?? "Ctrl-C",
  draw: seededRandom(Math.floor(random() * 2 ** 31)),
  number: index + 1,
}));

test.each(stops)(
  "start $number finds equal books, and $way $moment ends every process and frees the ports",
  async ({ moment, way, draw }) => {
    const product = installation.start();
    let underWay: UnderWay = { requests: [] };
    if (moment === "while it starts") await delay(draw() * MAX_START_MS);
    else {
      await findEqualBooks(product);
      underWay = await reach(moment, draw);
    }
    ask(product, way);
    await waitUntilGone(product);
    await Promise.all(underWay.requests);
  },
  180_000,
);

test("a second Ctrl-C does not wait for the requests in flight, and the next start charges them", async () => {
  const product = installation.start();
  await findEqualBooks(product);
  const requests = sendRequests(4, () => 60_000);
  await waitFor("requests in flight", async () => (await reservedNano()) > 0);
  product.signalGroup("SIGINT");
  // Only what comes later is a second one: npm passes the first on, too.
  await waitFor("the force", () => {
    if (product.output().includes("stopping: SIGINT")) product.signalGroup("SIGINT");
    return product.output().includes("ended by force");
  });
  await waitUntilGone(product);
  await Promise.all(requests);
  expect(product.output()).not.toContain("nothing was lost");
}, 180_000);

test("npm that is killed before the supervisor has run its first line leaves no process behind", async () => {
  const product = installation.start();
  await waitFor("the supervisor", async () => (await supervisors()).length > 0);
  product.signalNpm("SIGKILL");
  await waitUntilGone(product);
}, 180_000);

test("kill -9 of the supervisor leaves no process behind", async () => {
  const product = installation.start();
  await findEqualBooks(product);
  const found = await supervisors();
  expect(found).toHaveLength(1);
  for (const { pid } of found) kill(pid, "SIGKILL");
  await waitUntilGone(product);
}, 180_000);

test("a stop of which nothing is left says so, and npm ends as the product did", async () => {
  const product = installation.start();
  await findEqualBooks(product);
  product.signalNpm("SIGTERM");
  await waitUntilGone(product);
  expect(product.output()).toContain("stopped; nothing was lost");
  expect(product.exitCode()).toBe(0);
}, 180_000);

/** Not npm, and not its shell. */
async function supervisors(): Promise<{ pid: number; command: string }[]> {
  return (await installation.processes()).filter(({ command }) =>
    /^(\S*\/)?node .* main\.ts( |$)/.test(command),
  );
}

/** Of each run since the books were looked at. */
let outputsBefore: string[] = [];

async function waitUntilGone(product: StartedProduct): Promise<void> {
  const isGone = async (): Promise<boolean> =>
    // A process that is being taken down may have lost its environment before its sockets.
    (await installation.processes()).length === 0 && (await installation.arePortsFree());
  await waitFor("the end of all processes", isGone, MAX_STOP_MS).catch(async (error: unknown) => {
    const left = (await installation.processes()).map(({ command }) => command).join("\n");
    throw new Error(`${error}; these live:\n${left}\nIt said:\n${product.output()}`);
  });
  outputsBefore.push(product.output());
}

interface UnderWay {
  readonly requests: readonly Promise<void>[];
}

/** Brings a product that works to a random point within the moment. */
async function reach(moment: Moment, draw: Random): Promise<UnderWay> {
  switch (moment) {
    case "idle":
      await delay(draw() * 1_000);
      break;
    case "with requests in flight": {
      const requests = sendRequests(20, () => 100 + draw() * 1_900);
      await delay(draw() * 1_500);
      return { requests };
    }
    case "with a role restarting": {
      await Promise.all(sendRequests(5, () => 0));
      await killRole(ROLES[Math.floor(draw() * ROLES.length)] ?? "gateway");
      await delay(draw() * 1_500);
      break;
    }
    case "after a load":
      await Promise.all(sendRequests(200, () => 0));
  }
  return { requests: [] };
}

function ask(product: StartedProduct, way: Stop): void {
  if (way === "Ctrl-C") product.signalGroup("SIGINT");
  else if (way === "SIGTERM to the group") product.signalGroup("SIGTERM");
  else product.signalNpm(way === "SIGTERM to npm only" ? "SIGTERM" : "SIGKILL");
}

async function killRole(role: (typeof ROLES)[number]): Promise<void> {
  const script = `${role}/main.ts`;
  for (const { pid, command } of await installation.processes())
    if (command.includes(script)) kill(pid, "SIGKILL");
}

function sendRequests(count: number, latencyMs: () => number): Promise<void>[] {
  return Array.from({ length: count }, async () => {
    sent += 1;
    if (await isAnswered(Math.round(latencyMs()))) answered += 1;
  });
}

/** False when it was broken off, or refused by a gateway that stops. */
async function isAnswered(latencyMs: number): Promise<boolean> {
  try {
    const response = await fetch(`${installation.gatewayUrl}/v1/chat/completions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${await installation.key()}`,
        "x-vigor-user": USER,
        "content-type": "application/json",
      },
      body: JSON.stringify({
        model: "auto",
        messages: [{ role: "user", content: "hello" }],
        metadata: { simulate_output_tokens: "20", simulate_latency_ms: String(latencyMs) },
      }),
    });
    await response.text();
    return response.ok;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

const userWithUsage = z.object({
  usage: z.object({ scopes: z.object({ month: z.object({ reserved: z.number() }) }) }),
});

async function reservedNano(): Promise<number> {
  const user = userWithUsage.parse(await installation.control("GET", `/api/users/${USER}`));
  return user.usage.scopes.month.reserved;
}

/** Gateway, log and warehouse agree, and nothing turns up that a stop before said was complete. */
async function findEqualBooks(product: StartedProduct): Promise<void> {
  await product.ready();
  await installation.control("PUT", `/api/users/${USER}`, { tier: "unlimited" });
  last = await waitFor(
    "the agreement of the books",
    async () => {
      const books = reconciliation
        .nullable()
        .parse(await installation.control("GET", "/api/metrics/reconciliation"));
      return (await reservedNano()) === 0 && books?.agree === true ? books : null;
    },
    BOOKS_TIMEOUT_MS,
  );
  expect(last).toMatchObject({ missing: 0, deadLetters: 0, lag: 0, warehouse: { duplicates: 0 } });
  expect(last.warehouse.distinct).toBeGreaterThanOrEqual(answered);
  // A run that left something told so; a short one after it leaves that where it is.
  if (outputsBefore.every((output) => output.trimEnd().endsWith("nothing was lost")))
    expect(product.output()).not.toContain("a request died with its gateway");
  outputsBefore = [];
}

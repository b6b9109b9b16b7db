import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import type { FleetProcess } from "../services/support/fleet.ts";
import { waitFor } from "../support/wait-for.ts";
import { type Deployment, startDeployment } from "./support/deployment.ts";
import { tell } from "./support/fault-table.ts";
import { type Load, type LoadReport, startLoad } from "./support/load.ts";
import { type Ask, judge } from "./support/verdict.ts";

let deployment: Deployment;
beforeAll(async () => {
  deployment = await startDeployment();
});
afterAll(() => deployment?.close());

const EVERY_MS = 60_000;
/** Answers before a fault, and after it. */
const SOME = 40;

interface Fault {
  readonly fault: string;
  readonly times: number;
  /** One of them, while the load runs; `time` counts from 0. */
  strike(load: Load, time: number): Promise<void>;
  /** It leaves reservations that must expire before the books can agree: the faults after it wait for that. */
  readonly settlesLater?: boolean;
  /** Records that no part could read and that were put into the log. */
  readonly poison?: number;
}

const DOWN_MS = 3_000;
const KAFKA_DOWN_MS = 30_000;
/** Longer than the cluster takes to notice. */
const BROKER_DOWN_MS = 5_000;
const SLOW_MS = 5_000;
const DISK_DELAY_MS = 400;
const STANDSTILL_MS = 3_000;
const WIRES = ["kafka", "redis", "warehouse"] as const;

const faults: readonly Fault[] = [
  {
    fault: "kill -9 of a gateway",
    times: 2,
    settlesLater: true,
    strike: () => restart(deployment.fleet.gateways[0]),
  },
  {
    fault: "kill -9 of both Kafka brokers, 30 s away",
    times: 1,
    async strike(load) {
      await deployment.kafka.kill();
      await lasts(KAFKA_DOWN_MS);
      await goesOn(load);
      await deployment.kafka.restart();
      await goesOn(load);
    },
  },
  {
    fault: "kill -9 of one of two Kafka brokers, 5 s away",
    times: 2,
    async strike(load) {
      await deployment.kafka.killOne();
      await lasts(BROKER_DOWN_MS);
      // The other one has all records, leads every partition, and the warehouse goes on.
      await arrives(load);
      await deployment.kafka.restartOne();
    },
  },
  {
    fault: "kill -9 of an ingest, its partitions given to others in the middle of inserts",
    times: 2,
    strike: () => restart(deployment.fleet.ingests[0]),
  },
  {
    fault: "kill -9 of one of two pipelines",
    times: 2,
    strike: () => restart(deployment.fleet.pipelines[0]),
  },
  {
    fault: "kill -9 of ClickHouse, 3 s away",
    times: 2,
    async strike() {
      await deployment.warehouse.kill();
      await lasts(DOWN_MS);
      await deployment.warehouse.restart();
    },
  },
  {
    fault: "kill -9 of Redis, 3 s away",
    times: 2,
    async strike() {
      await deployment.redis.kill();
      await lasts(DOWN_MS);
      await deployment.redis.restart();
    },
  },
  {
    fault: "Redis is emptied",
    times: 2,
    async strike(load) {
      await deployment.flushRedis();
      await goesOn(load);
    },
  },
  {
    fault: "the wire to Kafka, Redis and ClickHouse in turn is cut for 3 s",
    times: WIRES.length,
    strike: (_load, time) => disturb(time, "cut"),
  },
  {
    fault: "the wire to Kafka, Redis and ClickHouse in turn is silent for 3 s",
    times: WIRES.length,
    strike: (_load, time) => disturb(time, "silence"),
  },
  {
    fault: "a gateway stands still for 3 s",
    times: 1,
    strike: () => standstill(deployment.fleet.gateways[1]),
  },
  {
    fault: "an ingest stands still for 3 s",
    times: 1,
    strike: () => standstill(deployment.fleet.ingests[1]),
  },
  {
    fault: "a gateway's disk is full for 3 s",
    times: 1,
    async strike() {
      const pid = (deployment.fleet.gateways[0] ?? fail()).pid();
      limitFileSize(pid, "0:unlimited");
      await lasts(DOWN_MS);
      limitFileSize(pid, "unlimited:unlimited");
    },
  },
  {
    fault: "the gateways' disks are slow for 5 s: 0.4 s more for each write and each sync",
    times: 1,
    async strike(load) {
      await deployment.disk.slow(DISK_DELAY_MS);
      await lasts(SLOW_MS);
      await goesOn(load);
      await deployment.disk.mend();
    },
  },
  {
    fault: "poison messages in the log",
    times: 5,
    poison: 3,
    async strike() {
      const values = ["no JSON", '{"event_id":"x"}', JSON.stringify({ ts: -1, cost: "much" })];
      await deployment.log.append(
        "requests",
        values.map((text) => ({ key: text, value: Buffer.from(text) })),
      );
    },
  },
];

const reports = new Map<string, LoadReport>();
let poisoned = 0;

test.each(faults)(
  "$fault: work goes on after it, and the books come to agree",
  async ({ fault, times, strike, settlesLater, poison = 0 }) => {
    const urls = deployment.fleet.gatewayUrls;
    const load = startLoad({ urls, key: deployment.key, name: nameOf(fault) });
    for (let time = 0; time < times; time++) {
      await goesOn(load);
      await strike(load, time);
    }
    await goesOn(load);
    await load.revisit();
    reports.set(fault, await load.stop());
    poisoned += poison * times;
    if (settlesLater === true) return;
    const books = await deployment.agreement();
    expect(books).toMatchObject({ missing: 0, lag: 0, deadLetters: poisoned });
  },
  4 * EVERY_MS,
);

test(
  "while gateways, an ingest and a pipeline are restarted one after the other, no request fails",
  async () => {
    const { gatewayUrl, gateways, ingests, pipelines } = deployment.fleet;
    const load = startLoad({ urls: [gatewayUrl], key: deployment.key, name: "rolling" });
    for (const child of [...gateways, ...ingests.slice(0, 1), ...pipelines.slice(0, 1)]) {
      await goesOn(load);
      await child.end("SIGTERM");
      await goesOn(load);
      await child.startAgain();
    }
    const { statuses } = await load.stop();
    expect([...statuses.keys()].toSorted()).toEqual([200, 429]);
  },
  6 * EVERY_MS,
);

// After all of them: what died with a gateway is known when its reservations have expired.
test.each(faults)(
  "$fault: nothing is lost, nothing counts twice, and no limit is passed",
  async ({ fault, times }) => {
    const row = await judge({ fault, name: nameOf(fault), times, report: reports.get(fault) ?? fail() }, ask);
    await tell(row);
    expect(row).toMatchObject({ lost: 0, double: 0, overLimit: 0 });
  },
  2 * EVERY_MS,
);

test(
  "after all of it the books agree, and each job has run at most once for each time when it was due",
  async () => {
    expect(await deployment.agreement()).toMatchObject({ missing: 0, lag: 0, deadLetters: poisoned });
    const jobs = await ask(
      `SELECT job, toString(due_at) AS due, count() AS runs FROM job_runs WHERE status = 'ok' GROUP BY job, due_at
     ORDER BY runs DESC`,
      z.object({ job: z.string(), due: z.string(), runs: z.number() }),
    );
    expect(jobs.length).toBeGreaterThan(5);
    expect(jobs.filter(({ runs }) => runs > 1)).toEqual([]);
  },
  2 * EVERY_MS,
);

/** Begins the names of the users of a fault's load. */
function nameOf(fault: string): string {
  return `f${faults.findIndex((one) => one.fault === fault)}`;
}

const ask: Ask = (sql, row) => deployment.warehouse.warehouse.query({ sql, row });

/** Waits for answers, so that a fault comes in the middle of work, and work is seen to go on after it. */
async function goesOn(load: Load): Promise<void> {
  const before = load.answered();
  try {
    await waitFor("more answers", () => load.answered() >= before + SOME, EVERY_MS);
  } catch (error) {
    const told = deployment.fleet.gateways.map((gateway) => gateway.output().slice(-4_000));
    throw new Error(told.join("\n"), { cause: error });
  }
}

async function restart(child: FleetProcess | undefined): Promise<void> {
  if (child === undefined) fail();
  await child.end("SIGKILL");
  await child.startAgain();
}

async function disturb(time: number, how: "cut" | "silence"): Promise<void> {
  const wire = deployment.wires[WIRES[time % WIRES.length] ?? fail()];
  wire[how]();
  await lasts(DOWN_MS);
  wire.mend();
}

/** Waits until an answer that comes from now on is in the warehouse. */
async function arrives(load: Load): Promise<void> {
  const before = load.answered();
  await goesOn(load);
  await waitFor(
    "an event of this moment in the warehouse",
    async () => {
      const [found] = await ask(
        `SELECT count() AS events FROM request_events FINAL WHERE startsWith(user_id, '${load.name}-') AND outcome IN ('ok', 'cached')`,
        z.object({ events: z.number() }),
      );
      return found !== undefined && found.events > before;
    },
    EVERY_MS,
  );
}

async function standstill(child: FleetProcess | undefined): Promise<void> {
  if (child === undefined) fail();
  process.kill(child.pid(), "SIGSTOP");
  await lasts(STANDSTILL_MS);
  process.kill(child.pid(), "SIGCONT");
}

/** Writes beyond the limit fail at once, as on a full disk. */
function limitFileSize(pid: number, limit: string): void {
  execFileSync("prlimit", ["--pid", String(pid), `--fsize=${limit}`]);
}

/** How long a fault is there: a part of the fault, not a wait for something. */
function lasts(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function fail(): never {
  throw new Error("there is no such process");
}

import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { Command } from "commander";
import { openEmbeddedUsageStore } from "../gateway/usage-store.embedded.ts";
import type { UsageStore } from "../gateway/usage-store.ts";
import type { Catalog, Tier } from "../models/domain/catalog.ts";
import type { Charge } from "../models/domain/charge.ts";
import { learningSettings } from "../models/domain/learning.ts";
import { type NanoUsd, nanoFromUsd } from "../models/domain/money.ts";
import { actualAmounts, chargesFor } from "../models/policy/charges.ts";
import { foldControls } from "../models/policy/controls.ts";
import { windowsClock } from "../models/policy/windows-clock.ts";

const BOUND = 2_000_000 as NanoUsd;
const COST = 150_000;
/** As long as what a gateway keeps of a request. */
const MEMO = JSON.stringify({ facts: "x".repeat(400) });

interface Settings {
  readonly pairs: number;
  readonly users: number;
  readonly inFlight: number;
  readonly directory: string;
}

/** The processor's time is what a busy machine does not distort. */
interface Throughput {
  readonly pairsPerSecond: number;
  readonly cpuMicrosecondsPerPair: number;
}

interface Round extends Throughput {
  readonly microseconds: { readonly p50: number; readonly p99: number; readonly p999: number };
}

const LATENCY_SAMPLES = 50_000;

const TIER: Tier = {
  name: "unlimited",
  dailyRequests: Number.POSITIVE_INFINITY,
  weeklyBudget: nanoFromUsd(1_000_000),
  monthlyBudget: nanoFromUsd(1_000_000),
  allowedProviders: ["any"],
  monthlyPrice: nanoFromUsd(50),
  premium: true,
  maxOutputTokens: 1024,
  requestsPerMinute: 1_000_000,
};

const CATALOG: Catalog = {
  version: "0123456789ab",
  timezone: "UTC",
  defaultTier: TIER,
  tiers: new Map([[TIER.name, TIER]]),
  providers: new Map(),
  embeddings: new Map(),
  extraParameters: new Set(),
  features: new Map(),
  routing: {
    peakHours: new Set(),
    peakProviders: [],
    offPeakProviders: [],
    highLoad: null,
    fallbackProvider: "fallback",
  },
  safeguards: {
    dailyBudget: nanoFromUsd(5_000_000),
    weeklyBudget: nanoFromUsd(5_000_000),
    pauseAt: 0.9,
    fallbackAt: 0.95,
    stopAt: 1,
  },
  automation: {
    mode: "off",
    targetDailySpend: nanoFromUsd(0),
    maxChangesPerHour: 0,
    allowedKinds: [],
    rules: [],
    learning: learningSettings(undefined),
  },
  retention: { requestDays: 1_095, feedbackDays: 1_095 },
  business: { infrastructureMonthly: nanoFromUsd(0), supportMonthly: nanoFromUsd(0) },
};

await main();

async function main(): Promise<void> {
  const { rounds: wantedRounds, ...settings } = new Command("npm run bench:admission --")
    .description(
      "Measures the embedded usage store: reservations and settlements with the charges of a real request. Prints JSON: the median of the\n" +
        'rounds. "prebuilt" is the store alone, with each user\'s charges made before. "floor" is a plain Map that counts the same charges\n' +
        "and keeps nothing.",
    )
    .option("--pairs <n>", "reservations with their settlements in a round", Number, 200_000)
    .option("--rounds <n>", "rounds", Number, 5)
    .option("--users <n>", "users", Number, 10_000)
    .option("--in-flight <n>", "reservations at once", Number, 32)
    .option("--directory <path>", "on the disk that is to be measured", tmpdir())
    .parse()
    .opts<{ pairs: number; rounds: number; users: number; inFlight: number; directory: string }>();
  const floors: Throughput[] = [];
  const prebuilt: Throughput[] = [];
  const rounds: Round[] = [];
  for (let round = 0; round < wantedRounds; round++) {
    floors.push(measureFloor(settings));
    prebuilt.push(await measurePrebuilt(settings));
    rounds.push(await measureStore(settings));
  }
  console.log(
    JSON.stringify(
      {
        benchmark: "admission",
        at: new Date().toISOString(),
        machine: { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version },
        settings: { ...settings, rounds: rounds.length },
        store: {
          ...medianThroughput(rounds),
          reserveMicroseconds: {
            p50: median(rounds.map((round) => round.microseconds.p50)),
            p99: median(rounds.map((round) => round.microseconds.p99)),
            p999: median(rounds.map((round) => round.microseconds.p999)),
          },
        },
        prebuilt: medianThroughput(prebuilt),
        floor: medianThroughput(floors),
        memory: await measureMemory(settings),
        rounds,
      },
      null,
      2,
    ),
  );
}

/** Throughput with `inFlight` callers that reserve, settle and start again; then the latency of one caller at a time. */
async function measureStore(settings: Settings): Promise<Round> {
  return withStore(settings.directory, async (store) => {
    const charging = chargingUsers(settings.users);
    await runPairs(store, settings, charging);
    const throughput = startThroughput();
    await runPairs(store, settings, charging);
    return {
      ...throughput(settings.pairs),
      microseconds: await measureLatency(store, charging),
    };
  });
}

async function measurePrebuilt(settings: Settings): Promise<Throughput> {
  return withStore(settings.directory, async (store) => {
    const make = chargingUsers(settings.users);
    const made = Array.from({ length: settings.users }, (_, user) => make(user));
    const charging = (request: number): Charge[] => made[request % made.length] ?? [];
    await runPairs(store, settings, charging);
    const throughput = startThroughput();
    await runPairs(store, settings, charging);
    return throughput(settings.pairs);
  });
}

async function runPairs(store: UsageStore, settings: Settings, charging: Charging): Promise<void> {
  let next = 0;
  const settled: (boolean | Promise<boolean>)[] = [];
  const caller = async () => {
    while (next < settings.pairs) {
      const request = next++;
      const charges = charging(request);
      const id = `01936000-0000-7000-8000-${request}/0`;
      const result = await store.reserve({ id, charges, expiresAtMs: Date.now() + 60_000, memo: MEMO });
      if (!result.ok)
        throw new Error(`${result.denied.key} was denied: the benchmark must not reach a limit`);
      // As in the gateway, nobody waits for the settlement before the next request.
      settled[request % settings.inFlight] = store.settle(id, actualAmounts(charges, COST));
    }
  };
  await Promise.all(Array.from({ length: settings.inFlight }, caller));
  await Promise.all(settled);
}

async function measureLatency(store: UsageStore, charging: Charging): Promise<Round["microseconds"]> {
  const samples: number[] = [];
  for (let request = 0; request < LATENCY_SAMPLES; request++) {
    const id = `single-${request}/0`;
    const charges = charging(request);
    const started = process.hrtime.bigint();
    await store.reserve({ id, charges, expiresAtMs: Date.now() + 60_000, memo: MEMO });
    samples.push(Number(process.hrtime.bigint() - started) / 1000);
    await store.settle(id, actualAmounts(charges, COST));
  }
  samples.sort((a, b) => a - b);
  const at = (share: number) => samples[Math.floor(samples.length * share)] ?? 0;
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999) };
}

/** The same counting in a plain Map, without limits, reservations or a journal. */
function measureFloor({ pairs, users }: Settings): Throughput {
  const charging = chargingUsers(users);
  const counters = new Map<string, number>();
  const throughput = startThroughput();
  for (let request = 0; request < pairs; request++) {
    const charges = charging(request);
    for (const { key, amount } of charges) counters.set(key, (counters.get(key) ?? 0) + amount);
    const actual = actualAmounts(charges, COST);
    charges.forEach(({ key, amount }, at) => {
      counters.set(key, (counters.get(key) ?? 0) - amount + (actual[at] ?? 0));
    });
  }
  return throughput(pairs);
}

function startThroughput(): (pairs: number) => Throughput {
  const started = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  return (pairs) => {
    const { user, system } = process.cpuUsage(cpu);
    return {
      pairsPerSecond: Math.round(pairs / (Number(process.hrtime.bigint() - started) / 1e9)),
      cpuMicrosecondsPerPair: (user + system) / pairs,
    };
  };
}

/** Heap for each user who has sent one request. */
async function measureMemory({ directory, users }: Settings): Promise<{ bytesPerUser: number | null }> {
  const { gc } = globalThis;
  if (gc === undefined) return { bytesPerUser: null };
  return withStore(directory, async (store) => {
    const charging = chargingUsers(users);
    await gc();
    const before = process.memoryUsage().heapUsed;
    await runPairs(store, { pairs: users, users, inFlight: 32, directory }, charging);
    await gc();
    return { bytesPerUser: Math.round((process.memoryUsage().heapUsed - before) / users) };
  });
}

async function withStore<T>(parent: string, measure: (store: UsageStore) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(path.join(parent, "vigor-admission-"));
  try {
    const store = await openEmbeddedUsageStore({ directory, now: Date.now });
    try {
      return await measure(store);
    } finally {
      await store.close();
    }
  } finally {
    await rm(directory, { recursive: true });
  }
}

type Charging = (request: number) => Charge[];

/** The charges of a request as the gateway makes them, each user in turn; the keys are new strings every time. */
function chargingUsers(users: number): Charging {
  const windows = windowsClock("UTC")(Date.now());
  const controls = foldControls(CATALOG, []);
  return (request) =>
    chargesFor({
      controls,
      tier: TIER,
      userId: `user-${request % users}`,
      bound: BOUND,
      hop: 0,
      windows,
    });
}

function medianThroughput(rounds: readonly Throughput[]): Throughput {
  return {
    pairsPerSecond: median(rounds.map((round) => round.pairsPerSecond)),
    cpuMicrosecondsPerPair: median(rounds.map((round) => round.cpuMicrosecondsPerPair)),
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

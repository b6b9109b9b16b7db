import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { startSimulatedProvider } from "../../simulated-provider/server.ts";
import { type GatewayProcess, startGatewayProcess } from "./gateway-process.ts";
import { loadCatalog } from "./load-catalog.ts";
import { type GroupReport, groupReport, type Sample } from "./report.ts";

export interface LoadSettings {
  readonly users: number;
  readonly requestsPerMinute: number;
  readonly minutes: number;
  /** Requests a minute from which on the gateway takes the load for high. */
  readonly highLoadFrom: number;
  readonly paidShare: number;
  /** Requests that the gateway works on at once. */
  readonly slots: number;
  /** The gateway's minutes are shorter by this factor, and so are the provider's answers. */
  readonly timeScale: number;
  readonly onProgress: (line: string) => void;
}

export interface LoadReport {
  readonly settings: Omit<LoadSettings, "onProgress">;
  readonly paid: GroupReport;
  readonly free: GroupReport;
  /** HTTP answers that came, and events that the gateway has recorded: equal, or a record is lost. */
  readonly answers: number;
  readonly events: number;
  /** Seconds from the start; null = it was never switched. */
  readonly highLoad: { readonly onAtSeconds: number | null; readonly offAtSeconds: number | null };
  readonly rssMegabytes: { readonly start: number; readonly end: number };
}

const CALM_SHARE_OF_LOAD = 0.1;
/** Two minutes empty the window and calm down; a third one is to spare. */
const MAX_CALM_MINUTES = 3;
const MINUTE_MS = 60_000;
const MEGABYTE = 1 << 20;

/** Brings up a gateway and providers, puts them under load, lets them calm down, and compares the books. */
export async function runLoad(settings: LoadSettings): Promise<LoadReport> {
  const directory = await mkdtemp(join(tmpdir(), "vigor-load-"));
  const provider = await startSimulatedProvider({ latencyScale: 1 / settings.timeScale });
  const key = `vk-${randomBytes(12).toString("hex")}`;
  try {
    const gateway = await startGatewayProcess({
      directory,
      key,
      paidUsers: userNames(settings).filter(isPaid),
      slots: settings.slots,
      timeScale: settings.timeScale,
      catalog: loadCatalog(provider.url, settings.highLoadFrom),
    });
    try {
      return await measure(settings, { gateway, key });
    } finally {
      await gateway.stop();
    }
  } finally {
    await provider.close();
    await rm(directory, { recursive: true, force: true });
  }
}

interface Target {
  readonly gateway: GatewayProcess;
  readonly key: string;
}

async function measure(settings: LoadSettings, target: Target): Promise<LoadReport> {
  const { onProgress, ...told } = settings;
  const samples: Sample[] = [];
  const rssStart = await target.gateway.rssBytes();
  const watch = watchLoad(target.gateway.url, onProgress);
  const minuteMs = MINUTE_MS / settings.timeScale;
  const everyMs = minuteMs / settings.requestsPerMinute;
  await sendFor(settings, target, {
    samples,
    everyMs,
    forMs: settings.minutes * minuteMs,
    until: () => false,
  });
  const calm = { everyMs: everyMs / CALM_SHARE_OF_LOAD, forMs: MAX_CALM_MINUTES * minuteMs };
  await sendFor(settings, target, { samples, ...calm, until: () => watch.offAtSeconds() !== null });
  await watch.stop();
  const { events } = await totalsOf(target);
  const answered = samples.filter(({ code }) => code !== null);
  return {
    settings: told,
    paid: groupReport(samples.filter(({ user }) => isPaid(user))),
    free: groupReport(samples.filter(({ user }) => !isPaid(user))),
    answers: answered.length,
    events,
    highLoad: { onAtSeconds: watch.onAtSeconds(), offAtSeconds: watch.offAtSeconds() },
    rssMegabytes: {
      start: Math.round(rssStart / MEGABYTE),
      end: Math.round((await target.gateway.rssBytes()) / MEGABYTE),
    },
  };
}

interface Phase {
  readonly samples: Sample[];
  readonly everyMs: number;
  readonly forMs: number;
  until(): boolean;
}

/** Sends at its own pace, whatever the answers take; resolves when all have come. */
async function sendFor(settings: LoadSettings, target: Target, phase: Phase): Promise<void> {
  const names = userNames(settings);
  const startedMs = performance.now();
  const running = new Set<Promise<void>>();
  for (let sent = 0; ; sent++) {
    const dueMs = sent * phase.everyMs;
    if (dueMs >= phase.forMs || phase.until()) break;
    await delay(Math.max(0, startedMs + dueMs - performance.now()));
    const user = names[sent % names.length] ?? "";
    const asked = ask(target, user)
      .then((sample) => void phase.samples.push(sample))
      .finally(() => running.delete(asked));
    running.add(asked);
  }
  await Promise.all(running);
}

async function ask({ gateway, key }: Target, user: string): Promise<Sample> {
  const startedMs = performance.now();
  try {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "x-vigor-user": user,
        "content-type": "application/json",
      },
      body: JSON.stringify({ model: "auto", messages: [{ role: "user", content: `a plan for ${user}` }] }),
    });
    const text = await response.text();
    const code = response.ok ? "" : (/"code":"(\w+)"/.exec(text)?.[1] ?? String(response.status));
    return { user, code, latencyMs: performance.now() - startedMs };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { user, code: null, latencyMs: performance.now() - startedMs };
  }
}

const WATCH_EVERY_MS = 100;
const readiness = z.looseObject({
  highLoad: z.boolean(),
  requestsPerMinute: z.number(),
  concurrentUsers: z.number(),
});

/** When high load was switched on first, and off again after that. */
function watchLoad(url: string, onProgress: (line: string) => void) {
  const startedMs = performance.now();
  const stopping = new AbortController();
  let onAt: number | null = null;
  let offAt: number | null = null;
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      const seen = readiness.parse(await (await fetch(`${url}/readyz`)).json());
      const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
      if (seen.highLoad !== (onAt !== null && offAt === null)) {
        if (seen.highLoad) onAt ??= seconds;
        else offAt ??= seconds;
        onProgress(
          `${seconds} s: high load ${seen.highLoad ? "on" : "off"}, ${seen.requestsPerMinute} requests a minute, ${seen.concurrentUsers} users`,
        );
      }
      await delay(WATCH_EVERY_MS);
    }
  })();
  return {
    onAtSeconds: () => onAt,
    offAtSeconds: () => offAt,
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}

async function totalsOf({ gateway, key }: Target): Promise<{ events: number }> {
  const response = await fetch(`${gateway.url}/internal/totals`, {
    headers: { authorization: `Bearer ${key}` },
  });
  return z.object({ events: z.number() }).parse(await response.json());
}

function userNames({ users, paidShare }: LoadSettings): string[] {
  return Array.from({ length: users }, (_, at) => {
    // Spread evenly, so that every stretch of the load has both.
    const paid = Math.floor((at + 1) * paidShare) > Math.floor(at * paidShare);
    return `${paid ? "paid" : "free"}-${at}`;
  });
}

function isPaid(user: string): boolean {
  return user.startsWith("paid");
}

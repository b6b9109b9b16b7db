import type { HealthCall } from "../../../gateway/health/deployment-health.ts";
import { openProviderHealth, type ProviderHealth } from "../../../gateway/health/provider-health.ts";
import type { Provider } from "../../../models/domain/catalog.ts";
import type { Attempt } from "../../../models/domain/request-event.ts";
import { foldControls } from "../../../models/policy/controls.ts";
import { routeRequest } from "../../../models/policy/route.ts";
import { seededRandom } from "../../../models/simulation/random.ts";
import { catalogDocument, testCatalog } from "../../support/test-catalog.ts";

export interface Behaviour {
  readonly ms: number;
  readonly outcome?: Attempt["outcome"];
  readonly retryAfterSeconds?: number;
}

export interface Call {
  readonly atMs: number;
  readonly provider: string;
  readonly deployment: string;
}

interface UnderWay extends Behaviour {
  readonly endsAtMs: number;
  readonly call: HealthCall;
}

const STEP_MS = 50;

/** With a patience that is not the reason for anything here. `more` goes into the provider `good`. */
export function patientCatalog(more: Record<string, unknown> = {}) {
  const { providers } = catalogDocument();
  const entries = Object.entries(providers ?? {}).map(([name, entry]) => [
    name,
    { ...entry, timeoutSeconds: 240, ...(name === "good" ? more : {}) },
  ]);
  return testCatalog({ providers: Object.fromEntries(entries) });
}

/** Requests of a tier with two providers (`good` before `cheap`), routed by their health, on a clock that is pushed. */
export function openTraffic(options: { catalog?: ReturnType<typeof testCatalog>; minCalls?: number } = {}) {
  const catalog = options.catalog ?? patientCatalog();
  const controls = foldControls(catalog, []);
  const tier = catalog.tiers.get("premium") ?? catalog.defaultTier;
  const random = seededRandom(1);
  const conditions: string[] = [];
  let nowMs = 1_000_000;
  const said = new Map<string, string>();
  const health: ProviderHealth = openProviderHealth({
    nowMs: () => nowMs,
    draw: random,
    maxCallsPerProvider: 1_000,
    breakerMinCalls: options.minCalls ?? 6,
    conditions: {
      set({ subject, state }, describe) {
        if ((said.get(subject) ?? "normal") === state) return;
        said.set(subject, state);
        conditions.push(`${subject} ${state}`);
        describe();
      },
      close: async () => {},
    },
  });
  const calls: Call[] = [];
  let underWay: UnderWay[] = [];

  const candidates = (): readonly Provider[] => {
    const found = routeRequest({
      controls,
      tier,
      requestedModel: "auto",
      feature: "",
      hourOfDay: 12,
      stage: "normal",
      highLoad: false,
      unavailable: health.unavailable(new Set()),
      slow: health.slow(),
    });
    return found.ok ? found.candidates.map(({ provider }) => provider) : [];
  };
  const request = (behaviourOf: (deployment: string) => Behaviour): void => {
    for (const provider of candidates()) {
      const call = health.begin(provider, { kind: "json" });
      if (typeof call === "string") continue;
      const behaviour = behaviourOf(call.deploymentId);
      calls.push({ atMs: nowMs, provider: provider.name, deployment: call.deploymentId });
      underWay.push({ ...behaviour, endsAtMs: nowMs + behaviour.ms, call });
      return;
    }
  };
  const settle = (): void => {
    const over = underWay.filter(({ endsAtMs }) => endsAtMs <= nowMs);
    underWay = underWay.filter(({ endsAtMs }) => endsAtMs > nowMs);
    for (const { call, outcome = "ok", retryAfterSeconds = null } of over)
      call.end(outcome, retryAfterSeconds);
  };

  return {
    health,
    conditions,
    now: () => nowMs,
    random,
    /** Requests at a steady rate for that long; gives their calls. */
    run(seconds: number, perSecond: number, behaviourOf: (deployment: string) => Behaviour): Call[] {
      const before = calls.length;
      const untilMs = nowMs + seconds * 1_000;
      let nextMs = nowMs;
      while (nowMs < untilMs) {
        settle();
        while (nextMs <= nowMs) {
          request(behaviourOf);
          nextMs += 1_000 / perSecond;
        }
        if (nowMs % 1_000 === 0) health.look();
        nowMs += STEP_MS;
      }
      return calls.slice(before);
    },
  };
}

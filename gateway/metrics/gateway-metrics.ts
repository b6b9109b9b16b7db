import type { ErrorCode } from "../../models/domain/errors.ts";
import { usdFromNano } from "../../models/domain/money.ts";
import { judgeOutcome, type RequestEvent } from "../../models/domain/request-event.ts";
import type { Gateway } from "../gateway.ts";
import { counter, type Family, histogram, renderGauge } from "./prometheus.ts";

/** What Prometheus scrapes. Labels are names out of the catalog and closed lists, never users, apps or texts of requests. */
export interface GatewayMetrics {
  /** Each request once, when it is over. */
  observe(event: RequestEvent): void;
  /** A request that leaves no event: nobody known had asked, or the log takes nothing. */
  observeWithoutEvent(code: ErrorCode): void;
  render(gateway: Gateway): string;
}

const MS_PER_SECOND = 1_000;
const US_PER_SECOND = 1_000_000;
/** Seconds. */
const LATENCY_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120];
const OVERHEAD_BOUNDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 1];

export function openGatewayMetrics({ logPendingBytes }: { logPendingBytes: () => number }): GatewayMetrics {
  const families = eventFamilies();
  return {
    observe: (event) => observe(families, event),
    observeWithoutEvent: (code) => families.withoutEvent.add([code], 1),
    render: (gateway) =>
      Object.values(families)
        .map((family) => family.render())
        .join("") + renderNow(gateway, logPendingBytes()),
  };
}

function eventFamilies() {
  return {
    requests: counter({
      name: "vigor_requests_total",
      help: "Requests that are over; what a provider refused as the client's mistake is denied.",
      labels: ["outcome", "tier", "provider"],
    }),
    refusals: counter({
      name: "vigor_refusals_total",
      help: "Requests that were denied or failed, by error code.",
      labels: ["code"],
    }),
    withoutEvent: counter({
      name: "vigor_requests_without_event_total",
      help: "Requests that left no event, by error code: without a valid key, or beyond what waits for the log.",
      labels: ["code"],
    }),
    attempts: counter({
      name: "vigor_provider_calls_total",
      help: "Calls to providers.",
      labels: ["provider", "outcome"],
    }),
    tokens: counter({ name: "vigor_tokens_total", help: "Tokens.", labels: ["provider", "kind"] }),
    cost: counter({ name: "vigor_cost_usd_total", help: "US dollars.", labels: ["tier", "provider"] }),
    saved: counter({
      name: "vigor_cache_saved_usd_total",
      help: "US dollars that cached answers avoided.",
      labels: [],
    }),
    flaws: counter({
      name: "vigor_answer_flaws_total",
      help: "What shows of an answer's quality without a rating; one may show several.",
      labels: ["provider", "flaw"],
    }),
    latency: histogram(
      {
        name: "vigor_request_duration_seconds",
        help: "From the request to the end of the answer.",
        labels: ["outcome"],
      },
      LATENCY_BOUNDS,
    ),
    firstToken: histogram(
      { name: "vigor_time_to_first_token_seconds", help: "Of streams.", labels: ["provider"] },
      LATENCY_BOUNDS,
    ),
    overhead: histogram(
      { name: "vigor_overhead_seconds", help: "The gateway's own part of a request's time.", labels: [] },
      OVERHEAD_BOUNDS,
    ),
  };
}

function observe(families: ReturnType<typeof eventFamilies>, event: RequestEvent): void {
  const { tier, provider, denial_reason, attempts } = event;
  const outcome = judgeOutcome(event);
  families.requests.add([outcome, tier, provider], 1);
  families.latency.observe([outcome], event.latency_ms / MS_PER_SECOND);
  families.overhead.observe([], event.overhead_us / US_PER_SECOND);
  if (denial_reason !== "") families.refusals.add([denial_reason], 1);
  for (const call of attempts) families.attempts.add([call.provider, call.outcome], 1);
  if (event.ttft_ms > 0) families.firstToken.observe([provider], event.ttft_ms / MS_PER_SECOND);
  if (event.cache_saved > 0) families.saved.add([], usdFromNano(event.cache_saved));
  if (event.cost > 0) families.cost.add([tier, provider], usdFromNano(event.cost));
  observeQuality(families, event);
  const addTokens = (kind: string, count: number): void => {
    if (count > 0) families.tokens.add([provider, kind], count);
  };
  addTokens("input", event.input_tokens);
  addTokens("cached_input", event.cached_input_tokens);
  addTokens("output", event.output_tokens);
  addTokens("reasoning", event.reasoning_tokens);
}

function observeQuality({ flaws }: ReturnType<typeof eventFamilies>, event: RequestEvent): void {
  const { provider } = event;
  if (event.cut_off) flaws.add([provider, "cut_off"], 1);
  if (event.empty) flaws.add([provider, "empty"], 1);
  if (event.refused) flaws.add([provider, "refused"], 1);
  if (event.filtered) flaws.add([provider, "filtered"], 1);
  if (event.invalid_json) flaws.add([provider, "invalid_json"], 1);
  if (event.asked_again_of !== "") flaws.add([event.asked_again_of, "asked_again"], 1);
}

function renderNow(gateway: Gateway, logPendingBytes: number): string {
  const gauge = (name: string, help: string): Family => ({ name: `vigor_${name}`, help, labels: [] });
  const { slots, recorder, cache, load } = gateway;
  const now = load.load();
  const kept = cache.size();
  const single: readonly (readonly [Family, number])[] = [
    [gauge("requests_in_work", "Requests that have a slot."), slots.inWork()],
    [gauge("requests_waiting", "Requests that wait for a slot."), slots.waiting()],
    [gauge("events_pending", "Events that are not yet durable and settled."), recorder.pending()],
    [gauge("log_pending_bytes", "Bytes that the event log has not made durable yet."), logPendingBytes],
    [gauge("requests_last_minute", "Requests of the last 60 seconds."), now.requestsPerMinute],
    [gauge("concurrent_users", "Users with a request in work or in the last 60 s."), now.concurrentUsers],
    [gauge("high_load", "1 while the load is high."), Number(load.aggressiveCaching())],
    [gauge("cache_entries", "Answers that are kept."), kept.entries],
    [gauge("cache_bytes", "Bytes of answers that are kept."), kept.bytes],
  ];
  return (
    single.map(([family, value]) => renderGauge(family, [{ value }])).join("") + renderProviders(gateway)
  );
}

function renderProviders({ health, safeguards }: Gateway): string {
  const states = [...health.states()];
  const labels = ["provider"];
  const each = (pick: (state: (typeof states)[number][1]) => number) =>
    states.map(([name, state]) => ({ labelValues: [name], value: pick(state) }));
  const breaker = {
    name: "vigor_provider_breaker",
    help: "0 closed, 1 half-open, 2 open.",
    labels,
  };
  const inFlight = { name: "vigor_provider_calls_in_flight", help: "Calls under way.", labels };
  const stage = { name: "vigor_safeguard_stage", help: "1 for the stage in force.", labels: ["stage"] };
  return (
    renderGauge(
      breaker,
      each(({ breaker: state }) => BREAKER_VALUES[state]),
    ) +
    renderGauge(
      inFlight,
      each((state) => state.inFlight),
    ) +
    renderGauge(stage, [{ labelValues: [safeguards.stage()], value: 1 }])
  );
}

const BREAKER_VALUES = { closed: 0, "half-open": 1, open: 2 } as const;

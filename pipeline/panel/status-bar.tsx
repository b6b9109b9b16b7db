import { catalog } from "./data/shapes/metrics.ts";
import { recent, spend } from "./data/shapes/now.ts";
import { type Freshness, useLiveContext } from "./data/use-live.ts";
import { useResource } from "./data/use-resource.ts";
import { duration, percent, usd } from "./format.ts";
import { Badge, type Tone } from "./parts/badge.tsx";

const SPEND_EVERY_MS = 2_000;
const RECENT_EVERY_MS = 30_000;
const CATALOG_EVERY_MS = 30_000;

/** On every page: are we within the limits, is what we see fresh, and is it real? */
export function StatusBar() {
  const spent = useResource("/api/spend", spend, SPEND_EVERY_MS);
  return (
    <header class="status-bar">
      <SimulatedBadge />
      <RefusedCatalogBadge />
      {spent.data === null || spent.error !== null ? (
        <Badge tone="neutral">Safeguard unknown</Badge>
      ) : (
        <>
          <Stage stage={spent.data.stage} />
          <span>
            {usd(spent.data.day.spent)} of {usd(spent.data.dayAllows)} today
            {spent.data.dayAllows > 0 && ` (${percent(spent.data.day.spent / spent.data.dayAllows)})`}
          </span>
        </>
      )}
      <FreshnessBadge />
    </header>
  );
}

/** Nobody may take made-up numbers for real ones. */
function SimulatedBadge() {
  const known = useResource("/api/catalog", catalog, CATALOG_EVERY_MS);
  const past = useResource("/api/metrics/recent", recent, RECENT_EVERY_MS);
  const withoutKey = known.data?.providers.filter(({ hasKey }) => !hasKey).map(({ name }) => name) ?? [];
  const isTraffic = past.data?.minutes.some(({ simulated }) => simulated > 0) ?? false;
  if (withoutKey.length === 0 && !isTraffic) return null;
  const reasons = [
    ...(isTraffic ? ["Simulated traffic is among the numbers; no gateway has counted it."] : []),
    ...(withoutKey.length > 0
      ? [`Without a key, so a simulated provider answers: ${withoutKey.join(", ")}.`]
      : []),
  ];
  return (
    <Badge tone="warning" title={reasons.join(" ")}>
      SIMULATED
    </Badge>
  );
}

/** Whoever has edited the catalog must not believe that it is in force. */
function RefusedCatalogBadge() {
  const known = useResource("/api/catalog", catalog, CATALOG_EVERY_MS);
  const problems = known.data?.refusedEdit ?? [];
  if (problems.length === 0) return null;
  return (
    <Badge tone="critical" title={problems.map(({ path, message }) => `${path}: ${message}`).join("\n")}>
      Catalog edit refused
    </Badge>
  );
}

const STAGES: Record<string, { readonly tone: Tone; readonly text: string }> = {
  normal: { tone: "good", text: "Safeguard normal" },
  paused: { tone: "warning", text: "Safeguard: non-premium paused" },
  fallback: { tone: "warning", text: "Safeguard: fallback only" },
  stopped: { tone: "critical", text: "Safeguard: spending stopped" },
};

export function Stage({ stage }: { stage: string }) {
  const { tone, text } = STAGES[stage] ?? { tone: "neutral", text: stage };
  return <Badge tone={tone}>{text}</Badge>;
}

const FRESHNESS: Record<Freshness, { readonly tone: Tone; readonly text: string }> = {
  waiting: { tone: "neutral", text: "Connecting" },
  fresh: { tone: "good", text: "Live" },
  stale: { tone: "warning", text: "Stale" },
  lost: { tone: "critical", text: "No data" },
};

function FreshnessBadge() {
  const { freshness, ageMs, problem } = useLiveContext();
  const { tone, text } = FRESHNESS[freshness];
  const isOld = freshness === "stale" || freshness === "lost";
  return (
    <span class="freshness" data-freshness={freshness} role="status">
      <Badge tone={tone} {...(problem === null ? {} : { title: problem })}>
        {text}
        {isOld ? ` for ${duration(ageMs)}` : ""}
      </Badge>
      {isOld && problem !== null && <span class="hint">{problem}</span>}
    </span>
  );
}

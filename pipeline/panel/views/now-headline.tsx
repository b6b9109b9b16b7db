import { useLiveContext } from "../data/use-live.ts";
import { change, percent, UNKNOWN, usd } from "../format.ts";
import { Badge } from "../parts/badge.tsx";
import { DayBar } from "../parts/day-bar.tsx";

/** What today has cost, where it is heading, and against what. */
export function NowHeadline() {
  const { realtime, freshness } = useLiveContext();
  const spent = realtime?.dailySpend ?? null;
  const simulated = realtime?.simulatedDailySpend ?? 0;
  const projected = realtime?.projectedDailySpend ?? null;
  const low = realtime?.projectedDailySpendLow80 ?? null;
  const high = realtime?.projectedDailySpendHigh80 ?? null;
  const target = realtime?.targetDailySpend ?? null;
  return (
    <section class={`card headline span-12 ${freshness === "lost" ? "old" : ""}`} aria-label="Spend of today">
      <div>
        <div class="headline-numbers">
          <SpentToday spent={spent} simulated={simulated} />
          <div class="headline-number">
            <span class="figure-title">{simulated > 0 ? "Both heading for" : "Heading for"}</span>
            <strong class="second" data-value="projectedDailySpend">
              {usd(projected)}
            </strong>
            <span class="hint" data-value="projectionInterval">
              {low === null || high === null
                ? "interval unknown: fewer than five whole days"
                : `80 %: ${usd(low)} to ${usd(high)}`}
            </span>
          </div>
        </div>
      </div>
      <div>
        <Verdict projected={projected} target={target} limit={realtime?.dailyBudget ?? null} />
        {spent !== null && target !== null && target > 0 && (
          <DayBar spent={spent} projected={projected} low={low} high={high} target={target} />
        )}
        <p class="hint">
          {projected === null
            ? "There is not enough history to say where the day is heading."
            : `Projected by ${realtime?.projectionBasis === "time-of-day profile" ? "the time-of-day profile of the days before" : "the last 24 hours"}.`}{" "}
          {hourBasis(realtime?.currentHourlySpend ?? null, realtime?.normalHourlySpend ?? null)}
        </p>
      </div>
    </section>
  );
}

/** Real and made-up money are two numbers: the limits hold only for the real one. */
function SpentToday({ spent, simulated }: { spent: number | null; simulated: number }) {
  if (spent === null || simulated === 0) {
    return <HeadlineNumber title="Spent today" name="dailySpend" value={usd(spent)} />;
  }
  return (
    <>
      <HeadlineNumber title="Spent today" name="dailySpend" value={usd(spent - simulated)} />
      <HeadlineNumber title="Simulated today" name="simulatedDailySpend" value={usd(simulated)} />
    </>
  );
}

function HeadlineNumber({ title, name, value }: { title: string; name: string; value: string }) {
  return (
    <div class="headline-number">
      <span class="figure-title">{title}</span>
      <strong data-value={name}>{value}</strong>
    </div>
  );
}

interface VerdictProps {
  readonly projected: number | null;
  readonly target: number | null;
  readonly limit: number | null;
}

function Verdict({ projected, target, limit }: VerdictProps) {
  if (projected === null || target === null || target <= 0)
    return <Badge tone="neutral">Not known yet</Badge>;
  const share = `${percent(projected / target)} of the ${usd(target)} target`;
  if (limit !== null && projected > limit)
    return <Badge tone="critical">Above the hard limit: {share}</Badge>;
  return projected > target ? (
    <Badge tone="warning">Above the target: {share}</Badge>
  ) : (
    <Badge tone="good">Within the target: {share}</Badge>
  );
}

function hourBasis(spent: number | null, normal: number | null): string {
  const changed = change(spent, normal);
  return changed === UNKNOWN ? "" : `This hour so far: ${changed} against a normal whole hour.`;
}

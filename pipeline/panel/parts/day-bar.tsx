import { usd } from "../format.ts";

interface DayBarProps {
  readonly spent: number;
  readonly projected: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly target: number;
}

const PERCENT = 100;
const HEADROOM = 1.1;
/** Beyond that the target would press everything else into a corner: it is told in words instead. */
const MAX_TARGET_TIMES = 6;
const MIDDLE = 50;

/** Today's spend (solid), what is to come (tinted) with its 80 % interval, and the target. */
export function DayBar({ spent, projected, low, high, target }: DayBarProps) {
  const end = Math.max(spent, projected ?? 0, high ?? 0);
  const isTargetNear = target <= end * MAX_TARGET_TIMES || end === 0;
  const scale = Math.max(end, isTargetNear ? target : 0) * HEADROOM || 1;
  const at = (value: number): number => (Math.max(0, value) / scale) * PERCENT;
  return (
    <div class="day-bar" role="img" aria-label={inWords({ spent, projected, low, high, target })}>
      <div class="meter">
        {projected !== null && <div class="ahead" style={{ width: `${at(projected)}%` }} />}
        <div class="spent" style={{ width: `${at(spent)}%` }} />
        {low !== null && high !== null && (
          <div
            class="whisker"
            style={{ left: `${at(low)}%`, width: `${Math.max(0.3, at(high) - at(low))}%` }}
          />
        )}
        {isTargetNear && <div class="tick" style={{ left: `${at(target)}%` }} />}
        {isTargetNear ? (
          <Label at={at(target)} side="above" text={`target ${usd(target)}`} />
        ) : (
          <Label at={PERCENT} side="above" text={`target ${usd(target)} ▸`} />
        )}
        {projected !== null && <Label at={at(projected)} side="below" text={`projected ${usd(projected)}`} />}
      </div>
    </div>
  );
}

function Label({ at, side, text }: { at: number; side: "above" | "below"; text: string }) {
  return (
    <span class={`tick-label ${side} ${at > MIDDLE ? "from-right" : ""}`} style={{ left: `${at}%` }}>
      {text}
    </span>
  );
}

function inWords({ spent, projected, low, high, target }: DayBarProps): string {
  const interval = low === null || high === null ? "" : `, 80 % between ${usd(low)} and ${usd(high)}`;
  return `${usd(spent)} spent, ${usd(projected)} projected${interval}, target ${usd(target)}`;
}

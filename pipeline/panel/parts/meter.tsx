import { usd } from "../format.ts";

interface MeterProps {
  readonly label: string;
  readonly spent: number;
  readonly reserved: number;
  readonly limit: number;
  /** Shares of the limit at which something happens. */
  readonly marks?: readonly { readonly at: number; readonly label: string }[];
  readonly show?: (value: number) => string;
}

const PERCENT = 100;

/** Spent (solid) and reserved (striped) against a limit. */
export function Meter({ label, spent, reserved, limit, marks = [], show = usd }: MeterProps) {
  const share = (value: number): number => (limit <= 0 ? 1 : Math.min(1, value / limit)) * PERCENT;
  const text = `${show(spent)} spent, ${show(reserved)} reserved, limit ${show(limit)}`;
  return (
    <div class="meter-block">
      <div class="meter-text">
        <span>{label}</span>
        <span class="number">{text}</span>
      </div>
      <div class="meter" role="img" aria-label={`${label}: ${text}`}>
        <div class="reserved" style={{ width: `${share(spent + reserved)}%` }} />
        <div class="spent" style={{ width: `${share(spent)}%` }} />
        {marks.map(({ at, label: name }) => (
          <div key={name} class="mark" style={{ left: `${at * PERCENT}%` }} title={name} />
        ))}
      </div>
    </div>
  );
}

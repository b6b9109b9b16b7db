import type { Spend } from "../data/shapes/now.ts";
import { percent, usd } from "../format.ts";
import { Badge } from "../parts/badge.tsx";
import { Meter } from "../parts/meter.tsx";
import { Countdown } from "../parts/when.tsx";
import { Stage } from "../status-bar.tsx";

interface LadderProps extends Spend {
  /** Simulated traffic is among what the other cards show; the gateways have not counted it. */
  readonly hasSimulated: boolean;
}

/** How far the spend is from each thing that the gateways would do about it. */
export function Ladder(props: LadderProps) {
  const { stage, day, week, dayAllows, pauseAt, fallbackAt, stopAt, hasSimulated } = props;
  const steps = [
    { name: "non-premium paused", at: pauseAt },
    { name: "fallback only", at: fallbackAt },
    { name: "spending stopped", at: stopAt },
  ];
  const marks = steps.map(({ name, at }) => ({ at, label: `${name} at ${percent(at)}` }));
  return (
    <>
      <Stage stage={stage} />
      <Meter label="Today" {...day} limit={dayAllows} marks={marks} />
      <p class="hint">
        New day: <Countdown until={day.endsAt} />
        {dayAllows < day.limit &&
          `; an emergency budget allows ${usd(dayAllows)} instead of ${usd(day.limit)}`}
      </p>
      <Meter label="This week" {...week} marks={marks} />
      <p class="hint">
        New week: <Countdown until={week.endsAt} />
      </p>
      <ol class="ladder">
        {steps.map(({ name, at }) => (
          <Step key={name} name={name} at={at} windows={[{ ...day, limit: dayAllows }, week]} />
        ))}
      </ol>
      {hasSimulated && (
        <p class="hint">Simulated traffic passes no gateway: it does not count against these limits.</p>
      )}
    </>
  );
}

interface StepProps {
  readonly name: string;
  readonly at: number;
  readonly windows: readonly { readonly spent: number; readonly reserved: number; readonly limit: number }[];
}

function Step({ name, at, windows }: StepProps) {
  const left = Math.min(...windows.map(({ spent, reserved, limit }) => limit * at - spent - reserved));
  return (
    <li>
      <span>
        {percent(at)}: {name}
      </span>
      {left > 0 ? (
        <span class="hint">{usd(left)} away</span>
      ) : (
        <Badge tone={at >= 1 ? "critical" : "warning"}>reached</Badge>
      )}
    </li>
  );
}

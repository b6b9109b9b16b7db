import { useLiveContext } from "../data/use-live.ts";
import { ago, duration, moment } from "../format.ts";

/** A moment as people speak of it; the exact one as a tooltip. */
export function When({ at }: { at: number }) {
  const { nowMs } = useLiveContext();
  return (
    <time dateTime={new Date(at).toISOString()} title={moment(at)}>
      {ago(at, nowMs)}
    </time>
  );
}

export function Countdown({ until }: { until: number }) {
  const { nowMs } = useLiveContext();
  return (
    <time dateTime={new Date(until).toISOString()} title={moment(until)} class="countdown">
      {until <= nowMs ? "ending" : `${duration(until - nowMs)} left`}
    </time>
  );
}

import { decimal, milliseconds, percent, usd } from "../format.ts";

type Effect = Readonly<Record<string, unknown>>;

/** What the replay foresaw, in a line; empty: it was not simulated. */
export function predictedInWords(effect: Effect | null): string {
  if (effect === null) return "";
  const cost = numberOf(effect, "costChange");
  const share = numberOf(effect, "costChangeShare");
  const latency = numberOf(effect, "latencyChangeMs");
  return line([
    cost === null
      ? ""
      : `cost ${cost > 0 ? "+" : ""}${usd(cost)}${share === null ? "" : ` (${signed(share)})`}`,
    latency === null || Math.round(latency) === 0
      ? ""
      : `latency ${latency > 0 ? "+" : "-"}${milliseconds(Math.abs(latency))}`,
    shareOf(effect, "newlyDeniedShare", "refused"),
    shareOf(effect, "usersAffectedShare", "of users"),
  ]);
}

/** What was measured afterwards, against before. */
export function measuredInWords(effect: Effect | null): string {
  if (effect === null) return "";
  const change = (name: string, title: string): string => {
    const value = numberOf(effect, name);
    return value === null ? "" : `${title} ${signed(value)}`;
  };
  const rating = numberOf(effect, "satisfactionChange");
  return line([
    change("costPerAnswerChangeShare", "cost per answer"),
    change("latencyChangeShare", "latency"),
    change("deniedShareChange", "refused"),
    change("cachedShareChange", "from the cache"),
    rating === null ? "" : `rating ${rating > 0 ? "+" : ""}${decimal(rating)}`,
  ]);
}

function shareOf(effect: Effect, name: string, title: string): string {
  const value = numberOf(effect, name);
  return value === null || value === 0 ? "" : `${percent(value)} ${title}`;
}

function signed(share: number): string {
  return `${share > 0 ? "+" : ""}${percent(share)}`;
}

function numberOf(effect: Effect, name: string): number | null {
  const value = effect[name];
  return typeof value === "number" ? value : null;
}

function line(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(", ");
}

import { usdFromNano } from "../../models/domain/money.ts";
import type { ControlsEffect } from "../../models/simulation/counterfactual.ts";

export interface Answer {
  readonly changes: readonly string[];
  readonly days: number;
  readonly effect: ControlsEffect;
}

/** A table for people. */
export function renderEffect({ changes, days, effect }: Answer): string {
  const { recorded, proposed } = effect;
  const rows: [string, string, string, string][] = [
    ["", "as it was", "what if", "change"],
    [
      "cost",
      usd(recorded.cost),
      usd(proposed.cost),
      `${signedUsd(effect.costChange)} (${signedPercent(effect.costChangeShare)})`,
    ],
    ["requests refused", count(recorded.denied), count(proposed.denied), refusals(effect)],
    [
      "mean latency",
      ms(recorded.meanLatencyMs),
      ms(proposed.meanLatencyMs),
      signed(effect.latencyChangeMs, " ms", 0),
    ],
    [
      "satisfaction",
      grade(recorded.satisfaction),
      grade(proposed.satisfaction),
      signed(effect.satisfactionChange, "", 2),
    ],
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 0, column > 0))
      .join("   ")
      .trimEnd(),
  );
  const affected = effect.users === 0 ? 0 : effect.usersAffected / effect.users;
  return [
    `If ${changes.join(" and ")} had held in the last ${days} days (${count(recorded.requests)} requests, ${count(effect.users)} users):`,
    "",
    ...lines,
    "",
    `users affected: ${count(effect.usersAffected)} (${percent(affected)}); paying users' requests newly refused: ${percent(effect.premiumDeniedShare)}`,
    `confidence: ${percent(effect.confidence)}; the controls of now explain ${percent(effect.identity)} of what was decided then`,
  ].join("\n");
}

/** Some may be refused who were not, and others no longer. */
function refusals({ newlyDenied, newlyAdmitted }: ControlsEffect): string {
  const more = newlyDenied > 0 ? [`+${count(newlyDenied)}`] : [];
  const fewer = newlyAdmitted > 0 ? [`-${count(newlyAdmitted)}`] : [];
  return [...more, ...fewer].join(", ") || "none";
}

function pad(text: string, width: number, isRight: boolean): string {
  return isRight ? text.padStart(width) : text.padEnd(width);
}

const usd = (nano: number): string =>
  usdFromNano(Math.round(nano)).toLocaleString("en-US", { style: "currency", currency: "USD" });
const count = (value: number): string => value.toLocaleString("en-US");
const signedUsd = (nano: number): string => `${nano < 0 ? "-" : "+"}${usd(Math.abs(nano))}`;
const percent = (share: number | null): string =>
  share === null ? "unknown" : `${(share * 100).toFixed(1)} %`;
const signedPercent = (share: number | null): string => signed(share === null ? null : share * 100, " %", 1);
const ms = (value: number | null): string => (value === null ? "unknown" : `${Math.round(value)} ms`);
const grade = (value: number | null): string => (value === null ? "unknown" : value.toFixed(2));

/** What rounds to 0 has no sign. */
function signed(value: number | null, unit: string, digits: number): string {
  if (value === null) return "unknown";
  const text = Math.abs(value).toFixed(digits);
  const sign = Number(text) === 0 ? "" : value < 0 ? "-" : "+";
  return `${sign}${text}${unit}`;
}

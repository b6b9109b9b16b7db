import type { ChartBand, ChartSeries } from "./chart.tsx";

interface LegendProps {
  readonly series: readonly ChartSeries[];
  readonly bands: readonly ChartBand[];
  readonly hasMarks: boolean;
}

/** What is drawn how; a single series needs none. */
export function Legend({ series, bands, hasMarks }: LegendProps) {
  const drawn = series.filter(({ kind }) => kind !== "edge");
  if (drawn.length + bands.length < 2 && !hasMarks) return null;
  return (
    <ul class="legend">
      {drawn.map(({ label, kind, colour }) => (
        <li key={label}>
          <span class={`swatch ${kind}`} style={{ color: `var(${colour})` }} />
          {label}
        </li>
      ))}
      {bands.map(({ label, upper, opacity }) => (
        <li key={label}>
          <span
            class="swatch band"
            style={{
              color: `var(${series[upper]?.colour ?? "--series-1"})`,
              opacity: Math.min(1, opacity * 2),
            }}
          />
          {label}
        </li>
      ))}
      {hasMarks && (
        <li>
          <span class="swatch mark" style={{ color: "var(--series-6)" }} />
          directive or alert
        </li>
      )}
    </ul>
  );
}

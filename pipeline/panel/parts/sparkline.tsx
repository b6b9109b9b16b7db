interface SparklineProps {
  /** Oldest first; null = nothing to tell of. */
  readonly values: readonly (number | null)[];
  readonly label: string;
}

const WIDTH = 120;
const HEIGHT = 36;
const MARGIN = 2;

/** A line from zero; gaps stay gaps. */
export function Sparkline({ values, label }: SparklineProps) {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return <div class="sparkline" />;
  const top = Math.max(...known) || 1;
  const step = WIDTH / Math.max(1, values.length - 1);
  const runs = runsOf(
    values.map((value, index) =>
      value === null ? null : { x: index * step, y: HEIGHT - MARGIN - (value / top) * (HEIGHT - 2 * MARGIN) },
    ),
  );
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path class="area" d={runs.map(areaOf).join("")} />
      <path class="line" d={runs.map(lineOf).join("")} />
    </svg>
  );
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function runsOf(points: readonly (Point | null)[]): Point[][] {
  const runs: Point[][] = [];
  let run: Point[] = [];
  for (const point of [...points, null]) {
    if (point !== null) run.push(point);
    else if (run.length > 0) {
      runs.push(run);
      run = [];
    }
  }
  return runs;
}

function lineOf(run: readonly Point[]): string {
  return run.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

function areaOf(run: readonly Point[]): string {
  const [first, last] = [run[0], run.at(-1)];
  if (first === undefined || last === undefined) return "";
  return `${lineOf(run)}L${last.x.toFixed(1)} ${HEIGHT}L${first.x.toFixed(1)} ${HEIGHT}Z`;
}

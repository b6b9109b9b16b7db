/**
 * Counters and histograms in Prometheus' text format, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Each family holds a bounded number of series: what comes above
 * it is counted under the label values `other`.
 */
export interface Counter {
  add(labelValues: readonly string[], amount: number): void;
  render(): string;
}

export interface Histogram {
  observe(labelValues: readonly string[], value: number): void;
  render(): string;
}

export interface Family {
  /** Ends in `_total` for counters, in the unit for histograms. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

const MAX_SERIES = 1_000;
const OTHER = "other";
/** In no label value: names of the catalog and closed lists. */
const SEPARATOR = "\n";

interface Series<T> {
  readonly labels: string;
  readonly entry: T;
}

export function counter(family: Family): Counter {
  const series = seriesOf(family, () => ({ sum: 0 }));
  return {
    add(labelValues, amount) {
      series.of(labelValues).sum += amount;
    },
    render: () =>
      head(family, "counter") + series.map((labels, { sum }) => `${family.name}${braced(labels)} ${sum}\n`),
  };
}

/** `bounds`: upper ones, ascending, in the unit of the values; `+Inf` comes by itself. */
export function histogram(family: Family, bounds: readonly number[]): Histogram {
  const series = seriesOf(family, () => ({ counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 }));
  return {
    observe(labelValues, value) {
      const entry = series.of(labelValues);
      const found = bounds.findIndex((bound) => value <= bound);
      const at = found === -1 ? bounds.length : found;
      entry.counts[at] = (entry.counts[at] ?? 0) + 1;
      entry.sum += value;
    },
    render: () =>
      head(family, "histogram") +
      series.map((labels, { counts, sum }) => {
        let below = 0;
        const buckets = counts.map((count, at) => {
          below += count;
          const le = `le="${bounds[at] ?? "+Inf"}"`;
          return `${family.name}_bucket${braced(labels === "" ? le : `${labels},${le}`)} ${below}\n`;
        });
        const name = braced(labels);
        return `${buckets.join("")}${family.name}_sum${name} ${sum}\n${family.name}_count${name} ${below}\n`;
      }),
  };
}

export interface GaugeValue {
  readonly labelValues?: readonly string[];
  readonly value: number;
}

/** Of what is known at the moment of asking. */
export function renderGauge(family: Family, values: readonly GaugeValue[]): string {
  return values.reduce(
    (text, { labelValues = [], value }) =>
      `${text}${family.name}${braced(labelText(family, labelValues))} ${value}\n`,
    head(family, "gauge"),
  );
}

function seriesOf<T>(family: Family, empty: () => T) {
  /** By the values alone: what they look like in the text is found out when they are new, not with each request. */
  const byValues = new Map<string, Series<T>>();
  const open = (values: readonly string[]): Series<T> => {
    const series = { labels: labelText(family, values), entry: empty() };
    byValues.set(values.join(SEPARATOR), series);
    return series;
  };
  const overflow = (): Series<T> => {
    const others = family.labels.map(() => OTHER);
    return byValues.get(others.join(SEPARATOR)) ?? open(others);
  };
  return {
    of(values: readonly string[]): T {
      const known = byValues.get(values.length === 1 ? (values[0] ?? "") : values.join(SEPARATOR));
      if (known !== undefined) return known.entry;
      return (byValues.size < MAX_SERIES ? open(values) : overflow()).entry;
    },
    map: (render: (labels: string, entry: T) => string): string =>
      [...byValues.values()].map(({ labels, entry }) => render(labels, entry)).join(""),
  };
}

function head({ name, help }: Family, type: "counter" | "gauge" | "histogram"): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function labelText({ labels }: Family, values: readonly string[]): string {
  return labels.map((label, at) => `${label}="${escaped(values[at] ?? "")}"`).join(",");
}

function braced(labels: string): string {
  return labels === "" ? "" : `{${labels}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

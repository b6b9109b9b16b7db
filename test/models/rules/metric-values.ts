import { z } from "zod";
import { type MetricValues, RULE_METRIC_NAMES, type RuleMetric } from "../../../models/rules/metrics.ts";

const everyMetric = z.record(z.enum(RULE_METRIC_NAMES), z.number().nullable());

/** The metrics of a moment; those that are not given are not known. */
export function metricValues(given: Partial<Record<RuleMetric, number | null>>): MetricValues {
  return everyMetric.parse(Object.fromEntries(RULE_METRIC_NAMES.map((name) => [name, given[name] ?? null])));
}

import type { TokenUsage } from "../../../models/domain/price.ts";
import { tokenUsageOf } from "../../token-usage.ts";
import type { MappedResponse } from "../adapter.ts";

/** The bytes go on as they came, when they are an object at all. */
export function passAnswer(answer: unknown): MappedResponse | null {
  return typeof answer === "object" && answer !== null ? PASSED : null;
}

const PASSED: MappedResponse = { body: null };

export function usageOfAnswer(answer: unknown): TokenUsage | null {
  return typeof answer === "object" && answer !== null && "usage" in answer
    ? tokenUsageOf(answer.usage)
    : null;
}

import { InvalidJsonError, parseJson } from "../../../models/domain/json.ts";
import { responseStreamQuality } from "../../quality/response-quality.ts";
import type { StreamReading } from "../../stream-reading.ts";
import { RESPONSES_USAGE } from "./usage.ts";

const ENDS: ReadonlySet<unknown> = new Set(["response.completed", "response.incomplete", "response.failed"]);

/** The events of `/v1/responses`: https://platform.openai.com/docs/api-reference/responses-streaming */
export const RESPONSES_READING: StreamReading = {
  endHints: [...ENDS].map((type) => Buffer.from(`"${type}"`)),
  isEnd: (data) => data.startsWith("{") && isLast(parse(data)),
  isLast,
  usage: RESPONSES_USAGE,
  carriesNothingElse: () => false,
  isLastReport: isLast,
  qualityOf: responseStreamQuality,
};

function isLast(document: object): boolean {
  return "type" in document && ENDS.has(document.type);
}

function parse(data: string): object {
  try {
    const parsed: unknown = parseJson(data);
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch (error) {
    if (error instanceof InvalidJsonError) return {};
    throw error;
  }
}

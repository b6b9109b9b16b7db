import { InvalidJsonError, parseJson } from "../../../models/domain/json.ts";
import { responseStreamQuality } from "../../quality/response-quality.ts";
import type { StreamReading } from "../../stream-reading.ts";
import { tokenUsageOf } from "../../token-usage.ts";

const ENDS: ReadonlySet<unknown> = new Set(["response.completed", "response.incomplete", "response.failed"]);

/** The events of `/v1/responses`: https://platform.openai.com/docs/api-reference/responses-streaming */
export const RESPONSES_READING: StreamReading = {
  endHints: [...ENDS].map((type) => Buffer.from(`"${type}"`)),
  isEnd: (data) => data.startsWith("{") && isLast(parse(data)),
  isLast,
  usageIn(document) {
    const response = "response" in document ? document.response : null;
    if (typeof response !== "object" || response === null || !("usage" in response)) return null;
    const usage = tokenUsageOf(response.usage);
    return usage === null ? null : { usage, isAlone: false };
  },
  generatedBytesIn(document) {
    if (!("type" in document && "delta" in document)) return 0;
    const isDelta = typeof document.type === "string" && document.type.endsWith(".delta");
    return isDelta && typeof document.delta === "string" ? Buffer.byteLength(document.delta) : 0;
  },
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

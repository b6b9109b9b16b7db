import type { AnswerQuality, AnswerWish } from "./quality/answer-quality.ts";
import type { PassedDocuments } from "./quality/passed-documents.ts";
import type { UsageForm } from "./usage-report.ts";

/** How to read, out of a stream in an endpoint's own form, what the gateway must know of it. */
export interface StreamReading {
  /** One of these stands in the event that says that the answer is complete; so only what holds one is looked at. */
  readonly endHints: readonly Buffer[];
  isEnd(data: string): boolean;
  /** For providers that say nothing of the kind: an event that only a complete answer has. Asked when the stream is over. */
  isLast(document: object): boolean;
  readonly usage: UsageForm;
  /** Of an event that reports usage: it carries nothing else, so that it can be kept from who did not ask for it; */
  carriesNothingElse(document: object): boolean;
  /** or no other one reports after it. */
  isLastReport(document: object): boolean;
  /** Asked when the answer is complete. */
  qualityOf(documents: PassedDocuments, wish: AnswerWish): AnswerQuality;
}

import type { TokenUsage } from "../models/domain/price.ts";
import type { AnswerQuality, AnswerWish } from "./quality/answer-quality.ts";
import type { PassedDocuments } from "./quality/passed-documents.ts";

/** How to read, out of a stream in an endpoint's own form, what the gateway must know of it. */
export interface StreamReading {
  /** One of these stands in the event that says that the answer is complete; so only what holds one is looked at. */
  readonly endHints: readonly Buffer[];
  isEnd(data: string): boolean;
  /** For providers that say nothing of the kind: an event that only a complete answer has. Asked when the stream is over. */
  isLast(document: object): boolean;
  /** Null: the event reports nothing. `isAlone`: it carries nothing else, so that it can be kept from who did not ask for it. */
  usageIn(document: object): { readonly usage: TokenUsage; readonly isAlone: boolean } | null;
  /** Bytes of generated text in an event: what an answer that broke off is billed by. */
  generatedBytesIn(document: object): number;
  /** Asked when the answer is complete. */
  qualityOf(documents: PassedDocuments, wish: AnswerWish): AnswerQuality;
}

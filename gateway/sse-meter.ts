import type { TokenUsage } from "../models/domain/price.ts";
import { type AnswerQuality, type AnswerWish, modelIn, NOTHING_WRONG } from "./quality/answer-quality.ts";
import { passedDocuments } from "./quality/passed-documents.ts";
import { dataOf, documentOf, endOfLastEvent, splitEvents } from "./sse-events.ts";
import type { StreamReading } from "./stream-reading.ts";

/**
 * Reads the usage out of a stream while it passes. Whole events go on as the bytes that came; the tail of an event that is not
 * complete waits for its end, so that the usage event can be kept from a client who did not ask for it.
 */
export interface SseMeter {
  /** The bytes to pass on now; may be empty. */
  push(chunk: Buffer): Buffer;
  /** What is left when the stream is over without an empty line at its end. */
  flush(): Buffer;
  /** What the provider reported, or null as long as it has not. */
  usage(): TokenUsage | null;
  /** The stream is over: was that the answer's end? */
  done(): boolean;
  /** Bytes of generated text so far: what an answer that broke off is billed by. */
  generatedBytes(): number;
  /** What the provider calls the model that answered; empty: not said. */
  model(): string;
  /** Of a complete answer. */
  quality(wish: AnswerWish): AnswerQuality;
}

/** Only events that hold it are parsed on their way. In a text it would stand with escaped quotes. */
const USAGE_MARK = Buffer.from('"usage"');
const NOTHING: Buffer = Buffer.alloc(0);
/** An event longer than this is passed on unread. */
const MAX_HELD_BYTES = 1 << 20;
/** Chunks kept by reference for counting; an answer that is longer is counted by its raw bytes. */
const MAX_KEPT_BYTES = 4 << 20;

export function sseMeter(options: { hideUsage: boolean; reading: StreamReading }): SseMeter {
  const { hideUsage, reading } = options;
  let held: Buffer = NOTHING;
  let usage: TokenUsage | null = null;
  let reported: object | null = null;
  let kept: Buffer[] = [];
  let keptBytes = 0;

  const keep = (events: Buffer): void => {
    keptBytes += events.length;
    if (keptBytes <= MAX_KEPT_BYTES) kept.push(events);
    else kept = [events];
  };

  const read = (events: Buffer): Buffer => {
    keep(events);
    if (!events.includes(USAGE_MARK)) return events;
    const passed = splitEvents(events).filter((event) => {
      const document = documentOf(event);
      const found = document === null ? null : reading.usageIn(document);
      if (found === null) return true;
      usage = found.usage;
      reported = document;
      return !(hideUsage && found.isAlone);
    });
    return Buffer.concat(passed);
  };

  return {
    push(chunk) {
      const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const end = endOfLastEvent(bytes);
      held = end === bytes.length ? NOTHING : bytes.subarray(end);
      if (held.length > MAX_HELD_BYTES) {
        held = NOTHING;
        keep(bytes);
        return bytes;
      }
      return end === 0 ? NOTHING : read(end === bytes.length ? bytes : bytes.subarray(0, end));
    },
    flush() {
      const rest = held;
      held = NOTHING;
      return rest.length === 0 ? rest : read(rest);
    },
    usage: () => usage,
    done: () =>
      kept.findLast((events) => saysTheEnd(events, reading)) !== undefined ||
      documentsIn(kept).some((document) => reading.isLast(document)),
    generatedBytes() {
      if (keptBytes > MAX_KEPT_BYTES) return keptBytes;
      return documentsIn(kept).reduce((sum, document) => sum + reading.generatedBytesIn(document), 0);
    },
    model: () => (reported === null ? "" : modelIn(reported)),
    quality(wish) {
      const seen = reading.qualityOf(passedDocuments(kept, reported), wish);
      if (keptBytes <= MAX_KEPT_BYTES) return seen;
      // Its beginning is not kept; so long an answer says something.
      return { ...NOTHING_WRONG, cutOff: seen.cutOff, filtered: seen.filtered };
    },
  };
}

function saysTheEnd(events: Buffer, { endHints, isEnd }: StreamReading): boolean {
  if (!endHints.some((hint) => events.includes(hint))) return false;
  return splitEvents(events).some((event) => isEnd(dataOf(event)));
}

function documentsIn(kept: readonly Buffer[]): object[] {
  return kept.flatMap(splitEvents).flatMap((event) => documentOf(event) ?? []);
}

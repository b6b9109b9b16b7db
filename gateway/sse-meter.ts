import type { CallReport } from "../models/policy/call-bill.ts";
import { ByteTape } from "./byte-tape.ts";
import { type AnswerQuality, type AnswerWish, modelIn, NOTHING_WRONG } from "./quality/answer-quality.ts";
import { type PassedDocuments, passedDocuments } from "./quality/passed-documents.ts";
import { dataOf, documentOf, endOfLastEvent, eventsBackward, eventsOf } from "./sse-events.ts";
import type { StreamReading } from "./stream-reading.ts";
import { UsageTally } from "./usage-report.ts";

/**
 * Reads the usage out of a stream while it passes. Whole events go on as the bytes that came; the tail of an event that is not
 * complete waits for its end, so that the usage event can be kept from a client who did not ask for it.
 */
export interface SseMeter {
  /** The bytes to pass on now; may be empty. */
  push(chunk: Buffer): Buffer;
  /** What is left when the stream is over without an empty line at its end. */
  flush(): Buffer;
  /** How far the answer came, and what the provider reported of it. `isOver`: its stream has ended by itself, and not in an error. */
  report(isOver: boolean): CallReport;
  /** The stream is over: was that the answer's end? */
  done(): boolean;
  /** What the provider calls the model that answered; empty: not said. */
  model(): string;
  /** Of a complete answer. */
  quality(wish: AnswerWish): AnswerQuality;
}

/** Only events that hold it, and not `null` behind it, are parsed on their way. In a text it would stand with escaped quotes. */
const USAGE_MARK = Buffer.from('"usage"');
const BETWEEN: ReadonlySet<number | undefined> = new Set(Buffer.from(": \t"));
const FIRST_OF_NULL = "n".charCodeAt(0);
const NOTHING: Buffer = Buffer.alloc(0);
/** An event longer than this is passed on unread. A response tells back its instructions and tools, which are as long as a body may be. */
const MAX_HELD_BYTES = 8 << 20;
/** Kept for a look at the whole. */
const MAX_KEPT_BYTES = 4 << 20;

export interface SseMeterOptions {
  readonly hideUsage: boolean;
  readonly reading: StreamReading;
  /** Where the usage is read before. */
  readonly tally?: UsageTally | null;
}

export function sseMeter({ hideUsage, reading, tally: given = null }: SseMeterOptions): SseMeter {
  const tally = given ?? new UsageTally(reading.usage);
  let held: Buffer = NOTHING;
  let reported: object | null = null;
  let isLastReport = false;
  const kept = new ByteTape();
  let passedBytes = 0;
  /** Of what is kept: whole events, and those of them that do not say the end. */
  let wholeBytes = 0;
  let searchedBytes = 0;
  let isEndFound = false;

  const keep = (bytes: Buffer): void => {
    passedBytes += bytes.length;
    if (passedBytes > MAX_KEPT_BYTES) {
      kept.clear();
      wholeBytes = 0;
      searchedBytes = 0;
    }
    kept.append(bytes);
  };
  const documents = () => passedDocuments(kept.view(), reported);

  const read = (events: Buffer): Buffer => {
    keep(events);
    wholeBytes = kept.length;
    if (!mayReport(events)) return events;
    const passed = [...eventsOf(events)].filter((event) => {
      const document = documentOf(event);
      if (document === null) {
        if (mayReport(event)) tally.lose();
        return true;
      }
      const isReport = given === null ? tally.add(document) : reading.usage.find(document) !== null;
      if (!isReport) return true;
      reported = document;
      isLastReport = reading.isLastReport(document);
      return !(hideUsage && reading.carriesNothingElse(document));
    });
    return Buffer.concat(passed);
  };

  /** Where each event reports usage, this is asked with each of them, so no event is searched twice. */
  const isDone = () => {
    if (isEndFound) return true;
    const events = kept.view().subarray(searchedBytes);
    isEndFound = saysTheEnd(events, reading) || hasLast(passedDocuments(events, reported), reading);
    searchedBytes = wholeBytes;
    return isEndFound;
  };

  return {
    push(chunk) {
      const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const end = endOfLastEvent(bytes);
      held = end === bytes.length ? NOTHING : bytes.subarray(end);
      if (held.length > MAX_HELD_BYTES) {
        held = NOTHING;
        keep(bytes);
        if (mayReport(bytes)) tally.lose();
        return bytes;
      }
      return end === 0 ? NOTHING : read(end === bytes.length ? bytes : bytes.subarray(0, end));
    },
    flush() {
      const rest = held;
      held = NOTHING;
      return rest.length === 0 ? rest : read(rest);
    },
    report(isOver) {
      // When the last report has come, the line may break before the mark of the end without changing anything.
      const isComplete = (isOver || isLastReport) && tally.isSound() && isDone();
      return { end: isComplete ? "complete" : "unfinished", reported: tally.usage() };
    },
    done: isDone,
    model: () => (reported === null ? "" : modelIn(reported)),
    quality(wish) {
      const seen = reading.qualityOf(documents(), wish);
      if (passedBytes <= MAX_KEPT_BYTES) return seen;
      // Its beginning is not kept; so long an answer says something.
      return { ...NOTHING_WRONG, cutOff: seen.cutOff, filtered: seen.filtered };
    },
  };
}

/** Many providers send `"usage":null` with every event but the last. */
export function mayReport(events: Buffer): boolean {
  for (let at = events.indexOf(USAGE_MARK); at !== -1; at = events.indexOf(USAGE_MARK, at)) {
    at += USAGE_MARK.length;
    while (BETWEEN.has(events[at])) at += 1;
    if (events[at] !== FIRST_OF_NULL) return true;
  }
  return false;
}

function saysTheEnd(events: Buffer, { endHints, isEnd }: StreamReading): boolean {
  if (!endHints.some((hint) => events.includes(hint))) return false;
  for (const event of eventsBackward(events)) if (isEnd(dataOf(event))) return true;
  return false;
}

function hasLast({ backward }: PassedDocuments, { isLast }: StreamReading): boolean {
  for (const document of backward()) if (isLast(document)) return true;
  return false;
}

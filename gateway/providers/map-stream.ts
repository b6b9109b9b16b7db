import type { TokenUsage } from "../../models/domain/price.ts";
import { dataOf, documentOf, endOfLastEvent, eventsOf } from "../sse-events.ts";
import type { StreamReading } from "../stream-reading.ts";
import { type UsageForm, UsageTally } from "../usage-report.ts";
import type { ByteStream } from "./http-channel.ts";
import type { AnswerStream } from "./provider-client.ts";

/** Turns a provider's events into those that the app expects, one after the other. */
export interface StreamMapper {
  /** Text to pass on for one event; may be empty. */
  event(document: object): string;
  /** The provider's stream is over, without an error of the connection; `usage` is what it has reported. */
  end(usage: TokenUsage | null): string;
}

/** An event longer than this is no event. */
const MAX_EVENT_BYTES = 4 << 20;
const NOTHING: Buffer = Buffer.alloc(0);

/** The bytes as they come. */
export function passedStream(stream: ByteStream, reading: StreamReading): AnswerStream {
  return {
    reading,
    tally: null,
    start: (reader) => stream.start(reader),
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    abort: () => stream.abort(),
  };
}

export interface MappedStreamOptions {
  readonly mapper: StreamMapper;
  /** Of what the mapper makes. */
  readonly reading: StreamReading;
  /** Of what the provider sends: what it reports counts, however much of it the mapper can use. */
  readonly usage: UsageForm;
}

export function mappedStream(
  stream: ByteStream,
  { mapper, reading, usage }: MappedStreamOptions,
): AnswerStream {
  const tally = new UsageTally(usage);
  return {
    ...passedStream(stream, reading),
    tally,
    start(reader) {
      let held: Buffer = NOTHING;
      const pass = (events: Buffer, end: () => string): boolean => {
        const text = mapEvents(events, mapper, tally);
        if (text === null) {
          stream.abort();
          reader.onError(new Error("an event of the provider's stream cannot be read"));
          return false;
        }
        const all = text + end();
        if (all !== "") reader.onChunk(Buffer.from(all));
        return true;
      };
      stream.start({
        onChunk(chunk) {
          const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
          const end = endOfLastEvent(bytes);
          held = bytes.subarray(end);
          if (held.length > MAX_EVENT_BYTES) {
            stream.abort();
            reader.onError(new Error("an event of the provider's stream is too long"));
          } else if (end > 0) pass(bytes.subarray(0, end), () => "");
        },
        onEnd() {
          if (pass(held, () => mapper.end(tally.usage()))) reader.onEnd();
        },
        onError: (error) => reader.onError(error),
      });
    },
  };
}

/** Null: an event is broken, and what it held is lost. */
function mapEvents(events: Buffer, mapper: StreamMapper, tally: UsageTally): string | null {
  let text = "";
  for (const event of eventsOf(events)) {
    const document = documentOf(event);
    if (document !== null) {
      tally.add(document);
      text += mapper.event(document);
    } else if (!NO_DOCUMENT.has(dataOf(event))) return null;
  }
  return text;
}

/** A comment or an empty event, and OpenAI's mark of the end. */
const NO_DOCUMENT: ReadonlySet<string> = new Set(["", "[DONE]"]);

/** One event of a stream in OpenAI's form. */
export function eventText(data: object | "[DONE]"): string {
  return `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
}

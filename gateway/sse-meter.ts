import type { TokenUsage } from "../models/domain/price.ts";
import { tokenUsageOf } from "./token-usage.ts";

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
  /** `data: [DONE]` was seen: the answer is complete. */
  done(): boolean;
  /** Bytes of generated text so far: what an answer that broke off is billed by. */
  generatedBytes(): number;
}

const USAGE_MARK = Buffer.from('"usage":{');
const USAGE_MARK_SPACED = Buffer.from('"usage": {');
const DONE_MARK = Buffer.from("[DONE]");
const NOTHING: Buffer = Buffer.alloc(0);
const LF = 0x0a;
const CR = 0x0d;
/** An event longer than this is passed on unread. */
const MAX_HELD_BYTES = 1 << 20;
/** Chunks kept by reference for counting; an answer that is longer is counted by its raw bytes. */
const MAX_KEPT_BYTES = 4 << 20;

export function sseMeter(options: { hideUsage: boolean }): SseMeter {
  let held: Buffer = NOTHING;
  let usage: TokenUsage | null = null;
  let done = false;
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let passedBytes = 0;

  const keep = (events: Buffer): void => {
    passedBytes += events.length;
    keptBytes += events.length;
    if (keptBytes <= MAX_KEPT_BYTES) kept.push(events);
    else kept = [];
  };

  const read = (events: Buffer): Buffer => {
    keep(events);
    if (!done && events.includes(DONE_MARK)) done = true;
    if (!events.includes(USAGE_MARK) && !events.includes(USAGE_MARK_SPACED)) return events;
    const passed = splitEvents(events).filter((event) => {
      const found = usageEvent(event);
      if (found === null) return true;
      usage = found.usage;
      return !(options.hideUsage && found.carriesNothingElse);
    });
    return Buffer.concat(passed);
  };

  return {
    push(chunk) {
      const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const end = endOfLastEvent(bytes);
      held = bytes.subarray(end);
      if (held.length > MAX_HELD_BYTES) {
        held = NOTHING;
        keep(bytes);
        return bytes;
      }
      return end === 0 ? NOTHING : read(bytes.subarray(0, end));
    },
    flush() {
      const rest = held;
      held = NOTHING;
      return rest.length === 0 ? rest : read(rest);
    },
    usage: () => usage,
    done: () => done,
    generatedBytes: () => (kept.length === 0 ? passedBytes : generatedIn(kept)),
  };
}

/** Index after the last empty line (LF LF, or CR LF CR LF), 0 when there is none. */
function endOfLastEvent(bytes: Buffer): number {
  for (let at = bytes.length - 1; at > 0; at--) {
    if (bytes[at] !== LF) continue;
    const before = bytes[at - 1];
    if (before === LF || (before === CR && bytes[at - 2] === LF)) return at + 1;
  }
  return 0;
}

function splitEvents(bytes: Buffer): Buffer[] {
  const events: Buffer[] = [];
  let start = 0;
  for (let at = 1; at < bytes.length; at++) {
    if (bytes[at] !== LF) continue;
    const before = bytes[at - 1];
    if (before !== LF && !(before === CR && bytes[at - 2] === LF)) continue;
    events.push(bytes.subarray(start, at + 1));
    start = at + 1;
  }
  if (start < bytes.length) events.push(bytes.subarray(start));
  return events;
}

function usageEvent(event: Buffer): { usage: TokenUsage; carriesNothingElse: boolean } | null {
  const data = dataOf(event);
  if (data === null || typeof data !== "object" || !("usage" in data)) return null;
  const usage = tokenUsageOf(data.usage);
  if (usage === null) return null;
  const choices = "choices" in data && Array.isArray(data.choices) ? data.choices : [];
  return { usage, carriesNothingElse: choices.length === 0 };
}

/** The JSON document of one event, null when there is none. */
function dataOf(event: Buffer): unknown {
  const text = event
    .toString("utf8")
    .split(/\r?\n/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice("data:".length).trimStart())
    .join("\n");
  if (!text.startsWith("{")) return null;
  try {
    return JSON.parse(text);
  } catch (error) {
    // Not ours to judge: the client gets the bytes as they are, and what was not reported is billed by what was seen.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function generatedIn(kept: readonly Buffer[]): number {
  let bytes = 0;
  for (const event of kept.flatMap(splitEvents)) {
    const data = dataOf(event);
    if (data === null || typeof data !== "object" || !("choices" in data) || !Array.isArray(data.choices))
      continue;
    for (const choice of data.choices) {
      if (choice !== null && typeof choice === "object" && "delta" in choice)
        bytes += textBytes(choice.delta);
    }
  }
  return bytes;
}

/** Bytes of all text in a delta: content, refusal, reasoning and the arguments of tool calls, but for the role. */
function textBytes(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + textBytes(item), 0);
  if (value === null || typeof value !== "object") return 0;
  return Object.entries(value).reduce(
    (sum, [key, item]) => (key === "role" ? sum : sum + textBytes(item)),
    0,
  );
}

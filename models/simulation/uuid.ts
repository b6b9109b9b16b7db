import type { EventId, RequestId } from "../domain/ids.ts";
import type { Random } from "./random.ts";

/** UUIDs of version 7 (RFC 9562) whose random bits come from a simulation's own stream. */
export function drawEventId(random: Random, ms: number): EventId {
  return drawUuid(random, ms) as EventId;
}

export function drawRequestId(random: Random, ms: number): RequestId {
  return drawUuid(random, ms) as RequestId;
}

/** All numbers of 16 bits as four digits: two ids a request are a good part of a simulation's time. */
const HEX: readonly string[] = Array.from({ length: 2 ** 16 }, (_, value) =>
  value.toString(16).padStart(4, "0"),
);

function drawUuid(random: Random, ms: number): string {
  const seconds = Math.floor(ms / 2 ** 16);
  const a = (random() * 2 ** 32) >>> 0;
  const b = (random() * 2 ** 32) >>> 0;
  const c = (random() * 2 ** 32) >>> 0;
  const time = `${hex(seconds >>> 16)}${hex(seconds)}-${hex(ms % 2 ** 16)}`;
  return `${time}-${hex((a & 0xfff) | 0x7000)}-${hex((b & 0x3fff) | 0x8000)}-${hex(a >>> 16)}${hex(b >>> 16)}${hex(c)}`;
}

function hex(value: number): string {
  return HEX[value & 0xffff] ?? "0000";
}

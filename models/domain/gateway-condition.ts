import { z } from "zod";
import { directiveId } from "./ids.ts";
import { timestampMs } from "./timestamp.ts";

/**
 * What a gateway does by itself, without a directive: its safeguard's stage, its handling of high load, bills above their bound, and
 * providers that it does not call because they fail. Each change is an event beside the directives, so that what was in force at any moment can be read from one topic.
 */
export const CONDITIONS = ["safeguard", "high-load", "over-bound", "provider-down"] as const;
export type ConditionKind = (typeof CONDITIONS)[number];

/** The state of every condition that asks for nothing. */
export const NORMAL = "normal";

export const conditionEvent = z.object({
  type: z.literal("condition"),
  id: directiveId,
  ts: timestampMs,
  /** The gateway process that says so. */
  gateway: z.string().min(1).max(100),
  condition: z.enum(CONDITIONS),
  /** The provider of `over-bound` and `provider-down`; empty: everything. */
  subject: z.string().max(64),
  /** The states before and after; equal: it is said again, since it still holds. */
  from: z.string().min(1).max(40),
  to: z.string().min(1).max(40),
  reason: z.string().min(1).max(500),
  /** What it was judged by. */
  numbers: z.record(z.string().max(40), z.number()),
  /** It holds no longer than that unless it is said again: its gateway may be gone. */
  expiresAt: z.number().int().positive(),
});
export type ConditionEvent = z.infer<typeof conditionEvent>;

/** A condition from its beginning at the first gateway to its end at the last one. */
export interface ConditionEpisode {
  /** The id of the event that began it. */
  readonly id: string;
  readonly condition: ConditionKind;
  readonly subject: string;
  /** The last state that was not normal. */
  readonly state: string;
  readonly reason: string;
  readonly numbers: Readonly<Record<string, number>>;
  readonly beganAt: number;
  readonly changedAt: number;
  /** null = it holds. */
  readonly endedAt: number | null;
}

interface OpenEpisode extends ConditionEpisode {
  /** Until when each gateway's last word holds. */
  readonly holders: ReadonlyMap<string, number>;
}

/** Folds events, in the order in which they were written, into episodes; the oldest first. */
export function conditionEpisodes(events: readonly ConditionEvent[], nowMs: number): ConditionEpisode[] {
  const open = new Map<string, OpenEpisode>();
  const ended: ConditionEpisode[] = [];
  for (const event of events) {
    const key = `${event.condition} ${event.subject}`;
    endExpired(open, ended, { key, nowMs: event.ts });
    const known = open.get(key);
    const next = nextEpisode(known, event);
    if (next === null) {
      open.delete(key);
      if (known !== undefined) ended.push(closed(known, event.ts));
    } else if (next !== undefined) open.set(key, next);
  }
  for (const key of [...open.keys()]) endExpired(open, ended, { key, nowMs });
  return [...ended, ...[...open.values()].map((episode) => closed(episode, null))].sort(
    (a, b) => a.beganAt - b.beganAt || (a.id < b.id ? -1 : 1),
  );
}

/** null = the event ends it; undefined = there is nothing to end. */
function nextEpisode(known: OpenEpisode | undefined, event: ConditionEvent): OpenEpisode | null | undefined {
  const holders = new Map(known?.holders);
  if (event.to === NORMAL) {
    if (known === undefined) return undefined;
    holders.delete(event.gateway);
    return holders.size === 0 ? null : { ...known, holders };
  }
  holders.set(event.gateway, event.expiresAt);
  const { condition, subject, to: state, reason, numbers } = event;
  const began = known ?? { id: event.id, beganAt: event.ts, endedAt: null };
  return { ...began, condition, subject, state, reason, numbers, changedAt: event.ts, holders };
}

function endExpired(
  open: Map<string, OpenEpisode>,
  ended: ConditionEpisode[],
  { key, nowMs }: { readonly key: string; readonly nowMs: number },
): void {
  const known = open.get(key);
  if (known === undefined) return;
  const holders = new Map([...known.holders].filter(([, expiresAt]) => expiresAt > nowMs));
  if (holders.size === known.holders.size) return;
  if (holders.size > 0) open.set(key, { ...known, holders });
  else {
    open.delete(key);
    ended.push(closed(known, Math.max(...known.holders.values())));
  }
}

function closed({ holders: _holders, ...episode }: OpenEpisode, endedAt: number | null): ConditionEpisode {
  return { ...episode, endedAt };
}

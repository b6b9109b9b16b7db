import { AUTO_MODEL } from "../../models/policy/route.ts";
import { ByteTape } from "../byte-tape.ts";
import type { Gateway } from "../gateway.ts";
import type { RoutedRequest } from "../routing.ts";
import type { CachedAnswer } from "./cached-answer.ts";
import type { CacheTurn } from "./consult-cache.ts";
import { isCompleteAnswer } from "./is-complete-answer.ts";
import { MAX_ANSWER_BYTES } from "./response-cache.ts";

/** A complete answer with status 200, as the client got it. */
export interface MadeAnswer extends Pick<CachedAnswer, "kind" | "contentType" | "body" | "provider"> {
  /** Nano-dollars of the call that made it, without those that failed before. */
  readonly costNano: number;
  readonly madeMs: number;
  /** Of a JSON answer, as it was parsed. */
  readonly document?: unknown;
}

/** Keeps the answer for equal requests, and hands it to those that wait for it. */
export function keepAnswer(
  gateway: Gateway,
  turn: CacheTurn,
  { asked, made }: { readonly asked: RoutedRequest; readonly made: MadeAnswer },
): void {
  if (turn.status !== "miss" || made.body.length > MAX_ANSWER_BYTES) return;
  const { kind, contentType, body, provider, costNano, madeMs, document } = made;
  if (!isCompleteAnswer(asked, kind === "json" ? { kind, document } : { kind, body })) return;
  // The key was made for these; while the request waited, they may have become others.
  if (asked.controls.version !== turn.asked.controls.version || asked.tier.name !== turn.asked.tier.name)
    return;
  // Its user was erased while it was made.
  if (turn.owner !== "" && turn.life !== gateway.directory.lifeOf(asked.userId)) return;
  // Fallback mode answers in another provider's name: that must not outlive it.
  const { model } = asked.body;
  if (model !== AUTO_MODEL && model !== provider) return;
  const answer: CachedAnswer = {
    key: turn.key,
    owner: turn.owner,
    life: turn.life,
    kind,
    contentType,
    body,
    provider,
    costNano,
    madeMs,
    feature: asked.feature,
    storedAtMs: gateway.now(),
  };
  gateway.cache.keep(answer, turn.lifetimeMs);
  turn.flight?.land(answer);
}

/** Collects what is passed on of a stream, as long as it may be kept. */
export function answerTape(turn: CacheTurn): { add(bytes: Buffer): void; body(): Buffer | null } {
  const tape = new ByteTape();
  let wanted = turn.status === "miss";
  return {
    add(chunk) {
      if (!wanted) return;
      wanted = tape.length + chunk.length <= MAX_ANSWER_BYTES;
      if (wanted) tape.append(chunk);
      else tape.clear();
    },
    body: () => (wanted ? tape.view() : null),
  };
}

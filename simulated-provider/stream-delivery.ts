import type { ServerResponse } from "node:http";
import type { Answer } from "./answer.ts";
import type { Plan } from "./behaviour.ts";
import type { Delivery } from "./delivery.ts";
import type { Frame } from "./frames.ts";
import { breakConnection, staySilent } from "./refusal.ts";
import { countLongest } from "./token-text.ts";

/** Chunks due within this time leave in one write, as the network would join them; it bounds the timers of a fast stream. */
const MIN_TICK_MS = 4;
const MAX_WRITE_CHARACTERS = 16_384;

/** Sends each frame when its tokens have been generated, no faster than the client reads. */
export function deliverStream(delivery: Delivery, frames: Iterable<Frame>): void {
  const { call, plan, answer, elapsedMs } = delivery;
  const { response } = call;
  const firstContentMs = plan.firstTokenMs + plan.perTokenMs * plan.reasoningTokens;
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
  });
  playFrames(spoil(frames, plan, answer), {
    response,
    waitMs: (frame) => firstContentMs + plan.perTokenMs * frame.tokens - elapsedMs(),
    onEnd: (rest) => finish(delivery, rest),
  });
}

function finish({ call, plan, answer }: Delivery, rest: string): void {
  if (plan.fault === "stall") {
    call.response.write(rest);
    staySilent(call);
  } else if (plan.fault === "cut") {
    call.response.write(rest, () => breakConnection(call, answer.usage));
  } else {
    call.close("answered", answer.usage);
    call.response.end(rest);
  }
}

interface Playback {
  readonly response: ServerResponse;
  /** Until the frame is due; 0 or less = now. */
  waitMs(frame: Frame): number;
  /** Gets what is still to be written. */
  onEnd(rest: string): void;
}

function playFrames(frames: Iterable<Frame>, { response, waitMs, onEnd }: Playback): void {
  const iterator = frames[Symbol.iterator]();
  let next = iterator.next();
  let timer: NodeJS.Timeout | undefined;
  const play = (): void => {
    let batch = "";
    while (next.done !== true && batch.length < MAX_WRITE_CHARACTERS) {
      if (waitMs(next.value) > 0) break;
      batch += next.value.text;
      next = iterator.next();
    }
    if (next.done === true) onEnd(batch);
    else if (batch !== "" && !response.write(batch)) response.once("drain", play);
    else timer = setTimeout(play, Math.max(MIN_TICK_MS, waitMs(next.value)));
  };
  response.once("close", () => {
    clearTimeout(timer);
    response.off("drain", play);
  });
  play();
}

/** The frames as the fault leaves them. */
function* spoil(frames: Iterable<Frame>, { fault }: Plan, { choices }: Answer): Generator<Frame> {
  const middle = countLongest(choices) / 2;
  let broken = false;
  for (const frame of frames) {
    const isPastMiddle = frame.tokens >= middle;
    if (isPastMiddle && (fault === "cut" || fault === "stall")) return;
    if (isPastMiddle && fault === "broken-json" && !broken) {
      broken = true;
      yield { ...frame, text: `${frame.text.slice(0, frame.text.length / 2)}\n\n` };
    } else {
      yield frame;
    }
  }
}

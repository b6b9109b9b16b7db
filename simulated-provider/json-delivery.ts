import type { Delivery } from "./delivery.ts";
import { breakConnection, staySilent } from "./refusal.ts";
import { sendJson } from "./send.ts";
import { countLongest } from "./token-text.ts";

/** Sends the whole answer when all of it has been generated. */
export function deliverJson(delivery: Delivery): void {
  const { call, plan, answer, elapsedMs } = delivery;
  const longest = countLongest(answer.choices);
  const dueMs = plan.firstTokenMs + plan.perTokenMs * (plan.reasoningTokens + longest);
  const waitMs = dueMs - elapsedMs();
  if (waitMs < MIN_WAIT_MS) {
    finish(delivery);
    return;
  }
  const timer = setTimeout(finish, waitMs, delivery);
  call.response.once("close", () => clearTimeout(timer));
}

/** Timers are no finer. */
const MIN_WAIT_MS = 1;

function finish({ call, plan, answer, form }: Delivery): void {
  const body = form.body(answer, plan.fault !== "no-usage");
  if (plan.fault === "cut" || plan.fault === "stall") {
    call.response.writeHead(200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    });
    call.response.write(half(body), () => {
      if (plan.fault === "stall") staySilent(call);
      else breakConnection(call, answer.usage);
    });
    return;
  }
  call.close("answered", answer.usage);
  sendJson(call.response, 200, plan.fault === "broken-json" ? half(body) : body);
}

function half(body: string): string {
  return body.slice(0, body.length / 2);
}

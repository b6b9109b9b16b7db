import { type Answer, type Choice, usageBody } from "./answer.ts";
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

function finish({ call, plan, answer }: Delivery): void {
  const body = completionBody(answer, plan.fault !== "no-usage");
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

function completionBody(answer: Answer, withUsage: boolean): string {
  return JSON.stringify({
    id: answer.id,
    object: "chat.completion",
    created: answer.createdAtSeconds,
    model: answer.model,
    choices: answer.choices.map((choice, index) => ({
      index,
      message: messageBody(choice),
      logprobs: null,
      finish_reason: choice.finishReason,
    })),
    ...(withUsage ? { usage: usageBody(answer.usage) } : {}),
    service_tier: "default",
    system_fingerprint: "fp_simulated",
  });
}

function messageBody({ content: { text }, toolCall }: Choice): object {
  const common = { role: "assistant", refusal: null, annotations: [] };
  if (toolCall === null) return { ...common, content: text };
  const call = { id: toolCall.id, type: "function", function: { name: toolCall.name, arguments: text } };
  return { ...common, content: null, tool_calls: [call] };
}

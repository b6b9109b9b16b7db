import type { Usage } from "./answer.ts";
import type { Call } from "./call.ts";
import { type Fault, messageOf, PROXY_ERROR_PAGE } from "./faults.ts";
import { sendError } from "./send.ts";

/** Nobody waits longer for an answer that never comes; then the connection breaks. */
export const MAX_SILENCE_MS = 600_000;

/** Plays the faults that strike before anything is generated; nothing is billed. False: it is another kind of fault. */
export function refuse(call: Call, fault: Fault): boolean {
  const { response } = call;
  if (fault === "hang") {
    staySilent(call);
    return true;
  }
  const status = fault === "html" ? 502 : Number(fault);
  if (fault !== "reset" && Number.isNaN(status)) return false;
  call.close("failed", null);
  if (fault === "reset") response.destroy();
  else if (fault === "html") response.writeHead(502, { "content-type": "text/html" }).end(PROXY_ERROR_PAGE);
  else sendError(response, status, messageOf(status));
  return true;
}

/** Leaves the client waiting until it goes. */
export function staySilent({ response }: Call): void {
  const timer = setTimeout(() => response.destroy(), MAX_SILENCE_MS);
  response.once("close", () => clearTimeout(timer));
}

/** The provider's own failure in the middle of an answer; it bills what it made. */
export function breakConnection(call: Call, billed: Usage): void {
  call.close("failed", billed);
  call.response.destroy();
}

import type { IncomingMessage, ServerResponse } from "node:http";
import type { ZodError } from "zod";
import type { Usage } from "./answer.ts";
import type { Books, Ending } from "./books.ts";
import { sendError } from "./send.ts";

/** One request to one provider, from its arrival to its place in the books. */
export interface Call {
  readonly provider: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Writes the call into the books, once; later attempts are ignored, so that an end cannot count as an abort too. */
  close(ending: Ending, billed: Usage | null): void;
  /** Answers with an error in OpenAI's shape; nothing is billed. */
  refuse(status: number, message: string, param?: string): void;
  refuseInvalid(error: ZodError): void;
  /** Called once when the client is gone before {@link close}. */
  onAbort(listener: () => void): void;
}

/** Null: the books have no room for another provider. */
export function openCall(
  provider: string,
  books: Books,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): Call | null {
  if (!books.open(provider)) return null;
  let open = true;
  let abort: (() => void) | null = null;
  const close = (ending: Ending, billed: Usage | null): void => {
    if (!open) return;
    open = false;
    books.close(provider, ending, billed);
  };
  response.once("close", () => {
    if (!open) return;
    abort?.();
    close("aborted", null);
  });
  const refuse = (status: number, message: string, param?: string): void => {
    close("failed", null);
    sendError(response, status, message, param);
  };
  return {
    provider,
    request,
    response,
    close,
    refuse,
    refuseInvalid: (error) => {
      const issue = error.issues[0];
      const param = issue?.path.join(".") ?? "";
      const what = param === "" ? "The body is not valid" : `Invalid value for '${param}'`;
      refuse(400, `${what}: ${issue?.message ?? "unknown problem"}.`, param);
    },
    onAbort: (listener) => {
      abort = listener;
    },
  };
}

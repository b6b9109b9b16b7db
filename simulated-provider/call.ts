import type { ServerResponse } from "node:http";
import type { ZodError } from "zod";
import type { Usage } from "./answer.ts";
import type { Books, Ending } from "./books.ts";
import { sendError } from "./send.ts";

/** Null: the books have no room for another provider. */
export function openCall(provider: string, books: Books, response: ServerResponse): Call | null {
  return books.open(provider) ? new Call(provider, books, response) : null;
}

/** One request to one provider, from its arrival to its place in the books. */
export class Call {
  readonly provider: string;
  readonly response: ServerResponse;
  readonly #books: Books;
  #isOpen = true;
  #abort: (() => void) | null = null;

  constructor(provider: string, books: Books, response: ServerResponse) {
    this.provider = provider;
    this.response = response;
    this.#books = books;
    response.once("close", () => this.#leave());
  }

  /** Writes the call into the books, once; later attempts are ignored, so that an end cannot count as an abort too. */
  close(ending: Ending, billed: Usage | null): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#books.close(this.provider, ending, billed);
  }

  /** Answers with an error in OpenAI's shape; nothing is billed. */
  refuse(status: number, message: string, param?: string): void {
    this.close("failed", null);
    sendError(this.response, status, message, param);
  }

  refuseInvalid(error: ZodError): void {
    const issue = error.issues[0];
    const param = issue?.path.join(".") ?? "";
    const what = param === "" ? "The body is not valid" : `Invalid value for '${param}'`;
    this.refuse(400, `${what}: ${issue?.message ?? "unknown problem"}.`, param);
  }

  /** Called once when the client is gone before {@link close}. */
  onAbort(listener: () => void): void {
    this.#abort = listener;
  }

  #leave(): void {
    if (!this.#isOpen) return;
    this.#abort?.();
    this.close("aborted", null);
  }
}

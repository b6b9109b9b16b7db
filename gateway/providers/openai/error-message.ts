import type { ProviderError } from "../adapter.ts";

/** OpenAI's `{ error: { message } }`, and what servers like it use: `{ error: "..." }`, `{ message }`, `{ detail }`, a list of one. */
export function readOpenAiError(body: unknown): ProviderError {
  const document: unknown = Array.isArray(body) ? body[0] : body;
  const error = at(document, "error");
  const said = [at(error, "message"), error, at(document, "message"), at(document, "detail")];
  return { message: said.find(isText) ?? null, isCallers: true };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function at(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

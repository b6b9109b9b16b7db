/**
 * What can go wrong besides an HTTP status.
 * `hang`: never answers. `reset`: the connection breaks before the answer. `html`: a proxy's error page (502).
 * After half of the answer: `cut` breaks the connection, `stall` stays silent for ever.
 * `broken-json`: a good status with JSON that cannot be parsed. `no-usage`: the usage is left out.
 */
export const FAULTS = ["hang", "reset", "html", "cut", "stall", "broken-json", "no-usage"] as const;

/** One of {@link FAULTS}, or an HTTP status of an error as text. */
export type Fault = string;

/** What OpenAI answers for a status; `type` and `message` are its own words. */
export function errorBody(status: number, message: string, param: string | null = null): string {
  return JSON.stringify({ error: { message, type: typeOf(status), param, code: codeOf(status) } });
}

export function messageOf(status: number): string {
  return MESSAGES[status] ?? (status >= 500 ? "The server had an error." : "The request was refused.");
}

export const PROXY_ERROR_PAGE =
  "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";

const MESSAGES: Readonly<Record<number, string>> = {
  400: "The request is not valid.",
  401: "Incorrect API key provided.",
  404: "The model does not exist or you do not have access to it.",
  429: "Rate limit reached for requests. Please try again in 1s.",
  500: "The server had an error while processing your request. Sorry about that!",
  503: "The engine is currently overloaded, please try again later.",
};

function typeOf(status: number): string {
  if (status === 429) return "requests";
  if (status === 401) return "authentication_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

function codeOf(status: number): string | null {
  if (status === 429) return "rate_limit_exceeded";
  if (status === 401) return "invalid_api_key";
  return status === 404 ? "model_not_found" : null;
}

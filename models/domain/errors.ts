/**
 * The closed list of error codes that leave the product, with the HTTP status, OpenAI's `type`, and what it means.
 * The README's table is checked against it.
 */
export const ERROR_CODES = {
  invalid_json: {
    status: 400,
    type: "invalid_request_error",
    means:
      "the body is not valid JSON in UTF-8, has over 128 levels, over 100,000 objects and arrays, or half of a surrogate pair",
  },
  invalid_request: {
    status: 400,
    type: "invalid_request_error",
    means: "a field is missing or has a wrong type or value; `param` names it",
  },
  unsupported_parameter: {
    status: 400,
    type: "invalid_request_error",
    means:
      "the body has a field that the gateway does not forward, as its cost is unknown; `param` names it (docs/parameters.md)",
  },
  unsupported_request: {
    status: 400,
    type: "invalid_request_error",
    means:
      "the model cannot do what the request needs (tools, a JSON schema, images, a long context), nor can another one of the tier",
  },
  missing_user: {
    status: 400,
    type: "invalid_request_error",
    means: "neither `X-Vigor-User` nor the body's `user` or `safety_identifier` names the end user",
  },
  missing_key: { status: 401, type: "authentication_error", means: "no `Authorization: Bearer` header" },
  invalid_key: { status: 401, type: "authentication_error", means: "the key is unknown or revoked" },
  forbidden: { status: 403, type: "permission_error", means: "the key may not do this" },
  model_not_allowed: {
    status: 403,
    type: "permission_error",
    means: "the user's tier may not use this provider",
  },
  not_found: { status: 404, type: "invalid_request_error", means: "no such route or thing" },
  unknown_model: {
    status: 404,
    type: "invalid_request_error",
    means: "`model` is neither `auto` nor a provider of the catalog",
  },
  method_not_allowed: {
    status: 405,
    type: "invalid_request_error",
    means: "the route exists, but not for this method",
  },
  conflict: { status: 409, type: "invalid_request_error", means: "it is already in another state" },
  body_too_large: { status: 413, type: "invalid_request_error", means: "the body is larger than the limit" },
  unsupported_media_type: {
    status: 415,
    type: "invalid_request_error",
    means: "the body must be `application/json`",
  },
  daily_requests_exceeded: {
    status: 429,
    type: "rate_limit_error",
    means: "the user's requests of today are used up",
  },
  weekly_budget_exceeded: {
    status: 429,
    type: "insufficient_quota",
    means: "the request could pass the user's budget of this week",
  },
  monthly_budget_exceeded: {
    status: 429,
    type: "insufficient_quota",
    means: "the request could pass the user's budget of this month",
  },
  global_daily_budget_exceeded: {
    status: 429,
    type: "insufficient_quota",
    means: "the request could pass the daily hard limit of all users",
  },
  global_weekly_budget_exceeded: {
    status: 429,
    type: "insufficient_quota",
    means: "the request could pass the weekly hard limit of all users",
  },
  emergency_budget_exceeded: {
    status: 429,
    type: "insufficient_quota",
    means: "the request could pass the emergency budget that an admin has set",
  },
  rate_limited: { status: 429, type: "rate_limit_error", means: "too many requests a minute" },
  non_premium_paused: {
    status: 429,
    type: "rate_limit_error",
    means: "requests of tiers that do not pay are paused",
  },
  spending_stopped: {
    status: 429,
    type: "insufficient_quota",
    means: "the hard limit is reached; nothing is served until it resets",
  },
  unpriced_model: {
    status: 503,
    type: "api_error",
    means: "the provider has no price, so no budget could be kept",
  },
  no_provider: {
    status: 503,
    type: "api_error",
    means: "no provider is left for this tier: none allowed, healthy or able",
  },
  overloaded: {
    status: 503,
    type: "api_error",
    means: "the gateway has too much to do; retry after the given time",
  },
  log_unavailable: {
    status: 503,
    type: "api_error",
    means: "events cannot be recorded durably, so no request is taken",
  },
  usage_store_unavailable: {
    status: 503,
    type: "api_error",
    means: "budgets cannot be checked, so no request is taken",
  },
  not_ready: { status: 503, type: "api_error", means: "the process is starting or stopping" },
  provider_rejected: {
    status: 400,
    type: "invalid_request_error",
    means: "the provider refused the request as invalid; its message is passed on",
  },
  provider_error: { status: 502, type: "api_error", means: "every provider that could be tried failed" },
  provider_timeout: { status: 504, type: "api_error", means: "no provider answered in time" },
  warehouse_unavailable: {
    status: 503,
    type: "api_error",
    means: "the warehouse does not answer; no number is made up",
  },
  internal_error: { status: 500, type: "api_error", means: "a bug; it is logged with its stack" },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** A failure that may be told to the caller. Its message never holds content, keys or internals. */
export class PublicError extends Error {
  readonly code: ErrorCode;
  readonly param: string | null;
  readonly retryAfterSeconds: number | null;

  constructor(
    code: ErrorCode,
    message: string,
    more: { param?: string; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.name = "PublicError";
    this.code = code;
    this.param = more.param ?? null;
    this.retryAfterSeconds = more.retryAfterSeconds ?? null;
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }

  /** OpenAI's shape. */
  toBody(): { error: { message: string; type: string; code: ErrorCode; param: string | null } } {
    return {
      error: { message: this.message, type: ERROR_CODES[this.code].type, code: this.code, param: this.param },
    };
  }
}

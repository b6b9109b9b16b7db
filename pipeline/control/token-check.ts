import type { Request } from "express";
import type { Logger } from "pino";
import { PublicError } from "../../models/domain/errors.ts";
import type { Role, RoleOfToken } from "./access-tokens.ts";
import type { ActionName, ActionRecord } from "./action-record.ts";
import { openFailureLimit } from "./failure-limit.ts";

export interface TokenCheckDeps {
  readonly roleOf: RoleOfToken;
  readonly actions: ActionRecord;
  readonly logger: Logger;
  now(): number;
}

export interface PresentedToken {
  readonly token: string;
  readonly via: "panel" | "token";
  readonly what: ActionName;
}

/**
 * The one place where a token is compared, whether it signs in at the panel or comes with a call. A right token always passes:
 * failures are limited, and not successes, so nobody can lock out whoever holds it. A wrong one is written into the audit and
 * answered 401; beyond the limit it is answered 429 and no longer written down, so that guessing cannot fill the log.
 */
export type TokenCheck = (request: Request, presented: PresentedToken) => Promise<Role>;

export function openTokenCheck({ roleOf, actions, logger, now }: TokenCheckDeps): TokenCheck {
  const limit = openFailureLimit(now);
  return async (request, { token, via, what }) => {
    const role = roleOf(token);
    if (role !== null) return role;
    const address = request.ip ?? "";
    const retryAfterSeconds = limit.retryAfterSeconds(address);
    if (retryAfterSeconds !== null) {
      throw new PublicError("rate_limited", "too many wrong tokens; wait a little", { retryAfterSeconds });
    }
    limit.failed(address);
    logger.warn({ address, via }, "a wrong token was presented");
    const refuse = (): Promise<never> =>
      Promise.reject(new PublicError("invalid_key", "this token is not known"));
    return actions.around(request, { who: { role: "nobody", via, session: "" }, what }, refuse);
  };
}

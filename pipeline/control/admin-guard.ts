import { createHash, timingSafeEqual } from "node:crypto";
import type { RequestHandler } from "express";
import { PublicError } from "../../models/domain/errors.ts";

/**
 * Lets through only requests with the admin's token. Hashes are compared rather than tokens, so that neither the
 * time taken nor an exception tells the token's length or a prefix of it.
 */
export function adminGuard(adminToken: string): RequestHandler {
  if (adminToken === "") throw new RangeError("the admin token may not be empty");
  const expected = sha256(adminToken);
  return (request, response, next) => {
    const [, given] = /^Bearer +(\S+) *$/i.exec(request.get("authorization") ?? "") ?? [];
    if (given !== undefined && timingSafeEqual(sha256(given), expected)) return next();
    response.set("www-authenticate", "Bearer");
    if (given === undefined)
      throw new PublicError("missing_key", "send `Authorization: Bearer <admin token>`");
    throw new PublicError("invalid_key", "this is not the admin token");
  };
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

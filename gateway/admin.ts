import { createHash, timingSafeEqual } from "node:crypto";
import type { Gateway } from "./gateway.ts";

/** Compares hashes in constant time, so that nothing about the token can be learned from how long a refusal takes. */
export function isAdminToken(
  { adminTokenSha256 }: Pick<Gateway, "adminTokenSha256">,
  token: string,
): boolean {
  const given = createHash("sha256").update(token).digest();
  return timingSafeEqual(given, Buffer.from(adminTokenSha256, "hex"));
}

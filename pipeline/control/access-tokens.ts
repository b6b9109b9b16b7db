import { createHash, timingSafeEqual } from "node:crypto";

/** A viewer sees everything and changes nothing. */
export type Role = "admin" | "viewer";

/**
 * Whose token it is; null: nobody's. Hashes are compared rather than tokens, and always all of them, so that neither the time
 * taken nor an exception tells the length of a token or a prefix of it.
 */
export type RoleOfToken = (token: string) => Role | null;

export interface AccessTokens {
  readonly adminToken: string;
  /** null or absent: there are no viewers. */
  readonly viewerToken?: string | null;
}

export function accessTokens({ adminToken, viewerToken = null }: AccessTokens): RoleOfToken {
  if (adminToken === "") throw new RangeError("the admin token may not be empty");
  if (viewerToken === "") throw new RangeError("the viewer token may not be empty");
  const admin = sha256(adminToken);
  const viewer = viewerToken === null ? null : sha256(viewerToken);
  return (token) => {
    const given = sha256(token);
    const isAdmin = timingSafeEqual(given, admin);
    const isViewer = viewer !== null && timingSafeEqual(given, viewer);
    if (isAdmin) return "admin";
    return isViewer ? "viewer" : null;
  };
}

export function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

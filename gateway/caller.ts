import type { IncomingMessage } from "node:http";
import { PublicError } from "../models/domain/errors.ts";
import { catalogName, MAX_USER_ID_LENGTH, type UserId, userId } from "../models/domain/ids.ts";

/** For whom, from where and for what the app asks. Empty = not said. */
export interface Caller {
  readonly userId: UserId;
  readonly feature: string;
  readonly country: string;
  readonly device: string;
}

interface SaidInBody {
  readonly user?: string | null | undefined;
  readonly safety_identifier?: string | null | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | null | undefined;
}

/** Headers first, then the body. Throws {@link PublicError} `missing_user`, or `invalid_request` for a value that cannot be one. */
export function identifyCaller(request: IncomingMessage, body: SaidInBody): Caller {
  return {
    userId: readUserId(request, body),
    feature: readName(request, "feature", body),
    country: readCountry(request, body),
    device: readName(request, "device", body) || deviceOf(request.headers["user-agent"] ?? ""),
  };
}

/** The bearer token of the `Authorization` header. Throws {@link PublicError} `missing_key`. */
export function bearerToken(request: IncomingMessage): string {
  const header = request.headers.authorization ?? "";
  const token = /^Bearer +(\S{1,512})$/i.exec(header)?.[1];
  if (token === undefined) {
    throw new PublicError(
      "missing_key",
      "send the app's key as `Authorization: Bearer <key>`; POST /api/keys makes one",
    );
  }
  return token;
}

export function readUserId(request: IncomingMessage, body: SaidInBody): UserId {
  const given = header(request, "x-vigor-user") || body.user || body.safety_identifier || "";
  if (given === "") {
    throw new PublicError("missing_user", "name the end user in `X-Vigor-User`, or in the body's `user`", {
      param: "user",
    });
  }
  const parsed = userId.safeParse(given);
  if (parsed.success) return parsed.data;
  const message = `a user's id must be 1 to ${MAX_USER_ID_LENGTH} printable ASCII characters without spaces`;
  throw new PublicError("invalid_request", message, { param: "user" });
}

function readName(request: IncomingMessage, name: "feature" | "device", body: SaidInBody): string {
  const given = said(request, name, body);
  if (given === "" || catalogName.safeParse(given).success) return given;
  throw new PublicError("invalid_request", `${name} must be lower-case letters, digits, '.', '_' or '-'`, {
    param: name,
  });
}

function readCountry(request: IncomingMessage, body: SaidInBody): string {
  const given = said(request, "country", body).toUpperCase();
  if (given === "" || /^[A-Z]{2}$/.test(given)) return given;
  throw new PublicError("invalid_request", "country must be an ISO 3166-1 alpha-2 code, such as DE", {
    param: "country",
  });
}

function said(request: IncomingMessage, name: string, body: SaidInBody): string {
  const inBody = body.metadata?.[name];
  return header(request, `x-vigor-${name}`) || (typeof inBody === "string" ? inBody : "");
}

function header(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? "";
}

function deviceOf(userAgent: string): string {
  if (/iPad|Tablet/i.test(userAgent)) return "tablet";
  if (/iPhone|Android|Mobile/i.test(userAgent)) return "mobile";
  if (/Mozilla\//i.test(userAgent)) return "desktop";
  return userAgent === "" ? "" : "server";
}

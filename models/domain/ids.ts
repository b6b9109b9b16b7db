import { z } from "zod";

/** Ids are branded so that a user's id cannot be passed where a request's is meant. UUIDs are version 7: they sort by time. */
export const requestId = z.uuid().brand<"RequestId">();
export type RequestId = z.infer<typeof requestId>;

export const eventId = z.uuid().brand<"EventId">();
export type EventId = z.infer<typeof eventId>;

export const directiveId = z.uuid().brand<"DirectiveId">();
export type DirectiveId = z.infer<typeof directiveId>;

export const decisionId = z.uuid().brand<"DecisionId">();
export type DecisionId = z.infer<typeof decisionId>;

export const MAX_USER_ID_LENGTH = 128;

/** Chosen by the app; printable, without spaces, so that it is safe in headers, keys and logs. */
export const userId = z
  .string()
  .min(1)
  .max(MAX_USER_ID_LENGTH)
  .regex(/^[\x21-\x7e]+$/, "must be printable ASCII without spaces")
  .brand<"UserId">();
export type UserId = z.infer<typeof userId>;

export const appId = z.string().min(1).max(64).brand<"AppId">();
export type AppId = z.infer<typeof appId>;

/** Names in the catalog (tiers, providers, features): lower-case words, also used as labels of metrics. */
export const catalogName = z
  .string()
  .max(64)
  .regex(/^[a-z0-9][a-z0-9._-]*$/, "must be lower-case letters, digits, '.', '_' or '-'");

import { z } from "zod";
import { appId } from "./ids.ts";
import { timestampMs } from "./timestamp.ts";

/** The life of an app's key. The key itself is shown once and kept nowhere; only its SHA-256 (hex) is written. */
export const keyEvent = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("created"),
    id: appId,
    name: z.string().min(1).max(100),
    key_sha256: z.string().regex(/^[0-9a-f]{64}$/),
    ts: timestampMs,
  }),
  z.object({ type: z.literal("revoked"), id: appId, ts: timestampMs }),
]);
export type KeyEvent = z.infer<typeof keyEvent>;

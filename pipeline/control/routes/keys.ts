import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import { PublicError } from "../../../models/domain/errors.ts";
import { appId } from "../../../models/domain/ids.ts";
import type { KeyEvent } from "../../../models/domain/key-event.ts";
import type { AppKey } from "../../directory/key-book.ts";
import { recordEvent } from "../../record-event.ts";
import type { ControlDeps } from "../control-deps.ts";
import { plainRoute, type Route, route } from "../route.ts";

const KEY_BYTES = 32;
const MAX_VALID_KEYS = 10_000;

const shownKey = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.number(),
  revokedAt: z.number().nullable(),
});

/** The keys that apps call the gateway with. */
export function keyRoutes(deps: ControlDeps): Route[] {
  return [
    route({
      method: "post",
      path: "/api/keys",
      summary: "Make an app's key; it is shown this once",
      status: 201,
      request: z.object({ body: z.strictObject({ name: z.string().trim().min(1).max(100) }) }),
      answer: z.object({ id: z.string(), name: z.string(), key: z.string() }),
      handle: ({ body }) => createKey(deps, body.name),
    }),
    plainRoute({
      method: "get",
      path: "/api/keys",
      summary: "List the keys, without the keys themselves",
      answer: z.object({ keys: z.array(shownKey) }),
      handle: () => ({ keys: deps.directory.keys.list() }),
    }),
    route({
      method: "delete",
      path: "/api/keys/:id",
      summary: "Revoke a key",
      request: z.object({ params: z.object({ id: appId }) }),
      answer: shownKey,
      handle: ({ params }) => revokeKey(deps, params.id),
    }),
  ];
}

async function createKey(deps: ControlDeps, name: string) {
  if (deps.directory.keys.validCount() >= MAX_VALID_KEYS) {
    throw new PublicError("conflict", `there are ${MAX_VALID_KEYS} valid keys; revoke one first`);
  }
  const key = `vgr_${randomBytes(KEY_BYTES).toString("base64url")}`;
  const id = appId.parse(deps.newId());
  const event: KeyEvent = {
    type: "created",
    id,
    name,
    key_sha256: createHash("sha256").update(key).digest("hex"),
    ts: deps.now(),
  };
  await recordEvent(deps, "keys", { key: id, event });
  return { id, name, key };
}

async function revokeKey(deps: ControlDeps, id: z.infer<typeof appId>): Promise<AppKey> {
  const known = knownKey(deps, id);
  if (known.revokedAt !== null) return known;
  const event: KeyEvent = { type: "revoked", id, ts: deps.now() };
  await recordEvent(deps, "keys", { key: id, event });
  return knownKey(deps, id);
}

function knownKey({ directory }: ControlDeps, id: string): AppKey {
  const key = directory.keys.get(id);
  if (key === undefined) throw new PublicError("not_found", `there is no key "${id}"`, { param: "id" });
  return key;
}

import { z } from "zod";
import { PublicError } from "../../../models/domain/errors.ts";
import { readSilences } from "../../alerts/alert-store.ts";
import type { ControlDeps } from "../control-deps.ts";
import { type Route, route } from "../route.ts";

const MAX_SILENCE_MINUTES = 31 * 24 * 60;
const MINUTE_MS = 60_000;

const silence = z.object({
  id: z.string(),
  kind: z.string(),
  subject: z.string(),
  until: z.number(),
  reason: z.string(),
});

/** Alerts about which nobody is told for a while; they open and are resolved all the same. */
export function silenceRoutes({ warehouse, now, newId }: ControlDeps): Route[] {
  return [
    route({
      method: "get",
      path: "/api/alerts/silences",
      summary: "The silences that hold",
      request: z.object({}),
      answer: z.object({ silences: z.array(silence) }),
      handle: async () => ({ silences: await readSilences(warehouse, now()) }),
    }),
    route({
      method: "post",
      path: "/api/alerts/silences",
      summary: "Tell nobody about a kind of alerts, or one subject of it, for some minutes",
      status: 201,
      request: z.object({
        body: z.strictObject({
          /** Empty: every one. */
          kind: z.string().max(64).default(""),
          subject: z.string().max(128).default(""),
          minutes: z.number().int().min(1).max(MAX_SILENCE_MINUTES),
          reason: z.string().min(1).max(500),
        }),
      }),
      answer: silence,
      handle: async ({ body: { minutes, ...rest } }) => {
        const made = { id: newId(), ...rest, until: now() + minutes * MINUTE_MS };
        await warehouse.insert("alert_silences", [made]);
        return made;
      },
    }),
    route({
      method: "delete",
      path: "/api/alerts/silences/:id",
      summary: "End a silence now",
      request: z.object({ params: z.object({ id: z.uuid() }) }),
      answer: silence,
      handle: async ({ params }) => {
        const found = (await readSilences(warehouse, now())).find(({ id }) => id === params.id);
        if (found === undefined)
          throw new PublicError("not_found", "there is no silence of this id that holds");
        const ended = { ...found, until: now() };
        await warehouse.insert("alert_silences", [ended]);
        return ended;
      },
    }),
  ];
}

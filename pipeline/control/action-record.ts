import type { Request } from "express";
import type { AdminAction } from "../../models/domain/admin-action.ts";
import { eventId } from "../../models/domain/ids.ts";
import { truncate } from "../../models/domain/text.ts";
import { appendEvent } from "../record-event.ts";
import type { Identity } from "./access-guard.ts";
import { publicErrorOf } from "./answer-error.ts";
import type { ControlDeps } from "./control-deps.ts";

/** What a call is for, as far as the route says it. */
export interface ActionName {
  readonly action: string;
  /** The route's, with its parameters' names. */
  readonly path: string;
}

export interface ActionRecord {
  /**
   * Acts, and writes down who did it and what came of it before the caller hears of it. Rejects as `act` does; or, when the log
   * does not take the record, because of that.
   */
  around<Answer>(
    request: Request,
    { who, what }: { readonly who: Identity; readonly what: ActionName },
    act: () => Promise<Answer>,
  ): Promise<Answer>;
}

const MAX_DETAILS_BYTES = 16 << 10;
const DONE = 200;

/** The audit of the control API: everything that changes something, in the log like any other event. */
export function openActionRecord(deps: Pick<ControlDeps, "log" | "now" | "newId">): ActionRecord {
  return {
    async around(request, { who, what }, act) {
      // Taken first: whoever handles the call may take the body apart.
      const sent = { ...what, subject: subjectOf(request), details: detailsOf(request) };
      const write = async (status: number, error: string): Promise<void> => {
        const action = actionOf(deps, { request, who, sent, status, error });
        await appendEvent(deps.log, "actions", { key: who.role, event: action });
      };
      let answer: Awaited<ReturnType<typeof act>>;
      try {
        answer = await act();
      } catch (failure) {
        const { status, code } = publicErrorOf(failure);
        await write(status, code);
        throw failure;
      }
      await write(DONE, "");
      return answer;
    },
  };
}

interface ActionParts {
  readonly request: Request;
  readonly who: Identity;
  readonly sent: ActionName & { readonly subject: string; readonly details: string };
  readonly status: number;
  readonly error: string;
}

function actionOf(
  { now, newId }: Pick<ControlDeps, "now" | "newId">,
  { request, who, sent, status, error }: ActionParts,
): AdminAction {
  return {
    action_id: eventId.parse(newId()),
    ts: now(),
    role: who.role,
    via: who.via,
    session: who.session,
    address: (request.ip ?? "").slice(0, 64),
    method: request.method,
    ...sent,
    status,
    error,
  };
}

function subjectOf({ params }: Request): string {
  return truncate(Object.values(params).flat().join(" "), 200);
}

function detailsOf({ body }: { readonly body?: unknown }): string {
  if (body === undefined || body === null) return "";
  const text = JSON.stringify(body);
  if (text === "{}") return "";
  return text.length <= MAX_DETAILS_BYTES ? text : JSON.stringify({ left_out: `${text.length} characters` });
}

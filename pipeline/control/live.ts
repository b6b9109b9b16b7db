import type { RequestHandler, Response } from "express";
import { PublicError } from "../../models/domain/errors.ts";
import { readRealtime, showRealtime } from "../realtime.ts";
import { publicErrorOf } from "./answer-error.ts";
import type { ControlDeps } from "./control-deps.ts";
import type { PlainCall } from "./openapi.ts";

export const LIVE_CALL: PlainCall = {
  method: "get",
  path: "/api/live",
  summary: "The real-time metrics each second, as server-sent events: `realtime` or `problem`",
  status: 200,
  contentType: "text/event-stream",
};

const TICK_MS = 1000;
/** More than a team has screens; each costs a connection, none costs a query. */
export const MAX_LIVE_CLIENTS = 100;

/**
 * The real-time metrics each second as server-sent events: `realtime` with the metrics, or `problem` with an error
 * when they cannot be read. One query a second feeds all clients; without clients there is none.
 */
export function liveStream({ warehouse, logger }: ControlDeps): RequestHandler {
  const clients = new Set<Response>();
  let timer: NodeJS.Timeout | null = null;

  const tick = async (): Promise<void> => {
    const message = await readRealtime(warehouse).then(
      (row) => sseMessage("realtime", showRealtime(row)),
      (error: unknown) => {
        logger.warn({ err: error }, "the live metrics could not be read");
        return sseMessage("problem", publicErrorOf(error).toBody());
      },
    );
    for (const client of clients) {
      // A client that does not read misses messages instead of filling this process.
      if (!client.writableNeedDrain) client.write(message);
    }
    timer = clients.size === 0 ? null : setTimeout(runTick, TICK_MS);
  };
  const runTick = (): void => {
    tick().catch((error: unknown) => logger.error({ err: error }, "the live stream failed"));
  };

  return (_request, response) => {
    if (clients.size >= MAX_LIVE_CLIENTS) {
      throw new PublicError("overloaded", `${MAX_LIVE_CLIENTS} live streams are open already`, {
        retryAfterSeconds: 10,
      });
    }
    response.writeHead(200, { "content-type": "text/event-stream", "x-accel-buffering": "no" });
    response.write(": connected\n\n");
    clients.add(response);
    response.once("close", () => clients.delete(response));
    // A tick in hand sees the new client, too: it sends to all who are there when its query is done.
    if (timer === null) {
      timer = setTimeout(runTick, 0);
    }
  };
}

function sseMessage(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

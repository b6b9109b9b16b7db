import http from "node:http";
import express, { type NextFunction, type Request, type Response } from "express";
import { PublicError } from "../models/domain/errors.ts";
import type { Gateway } from "./gateway.ts";
import { ClientGone } from "./read-body.ts";
import { serveModel } from "./request-lifecycle.ts";
import { serveFeedback } from "./routes/feedback.ts";
import { serveHealth } from "./routes/health.ts";
import { serveMetrics } from "./routes/metrics.ts";
import { serveModels, serveOneModel } from "./routes/models.ts";
import { serveTotals } from "./routes/totals.ts";
import { serveUsage } from "./routes/usage.ts";
import { sendError } from "./send-error.ts";

/** An open connection without a request, or a request whose head does not come, is closed after that long. */
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_TIMEOUT_MS = 75_000;

export interface ServerState {
  /** What `/readyz` says. */
  ready(): boolean;
  /** Whether requests are taken: for a while after it has ceased to be ready, too. */
  serving(): boolean;
}

const WATCHED_PATHS: readonly string[] = ["/healthz", "/readyz", "/metrics"];

/** Whether it is asked by who watches the gateway (a load balancer, Prometheus), and not by an app. */
export function isWatching({ url = "" }: http.IncomingMessage): boolean {
  return WATCHED_PATHS.some((path) => url === path || url.startsWith(`${path}?`));
}

/** The gateway's HTTP server; the caller listens. */
export function createGatewayServer(gateway: Gateway, state: ServerState): http.Server {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");

  const guarded =
    (serve: (gateway: Gateway, request: Request, response: Response) => Promise<void>) =>
    (request: Request, response: Response): Promise<void> => {
      if (!state.serving())
        throw new PublicError("not_ready", "the gateway is stopping", { retryAfterSeconds: 1 });
      return serve(gateway, request, response);
    };
  const counted =
    (serve: (gateway: Gateway, request: Request, response: Response) => Promise<void>) =>
    async (_gateway: Gateway, request: Request, response: Response): Promise<void> => {
      if (!gateway.slots.enter()) throw gateway.slots.overload();
      try {
        await serve(gateway, request, response);
      } finally {
        gateway.slots.leave();
      }
    };

  const model =
    (serve: ReturnType<typeof serveModel>) =>
    (request: Request, response: Response): Promise<void> =>
      serve(gateway, request, response);

  // They guard and count by themselves, so that even a request that is one too many leaves its event.
  app.post("/v1/chat/completions", model(serveModel("chat", state.serving)));
  app.post("/v1/responses", model(serveModel("responses", state.serving)));
  app.post("/v1/embeddings", model(serveModel("embeddings", state.serving)));
  app.use((_request: Request, response: Response, next: NextFunction) => {
    response.setHeader("x-request-id", gateway.newIds().requestId);
    next();
  });
  app.get("/v1/models", guarded(counted(serveModels)));
  app.get("/v1/models/:id", guarded(counted(serveOneModel)));
  app.post("/v1/feedback", guarded(counted(serveFeedback)));
  app.get("/v1/usage", guarded(counted(serveUsage)));
  app.get("/internal/totals", guarded(counted(serveTotals)));
  for (const path of ["/healthz", "/readyz"]) app.get(path, serveHealth(gateway, state));
  app.get("/metrics", serveMetrics(gateway));
  for (const path of [
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/embeddings",
    "/v1/models",
    "/v1/models/:id",
    "/v1/usage",
    "/v1/feedback",
    "/healthz",
    "/readyz",
    "/metrics",
  ]) {
    app.all(path, (request) => {
      throw new PublicError("method_not_allowed", `${request.path} does not know ${request.method}`);
    });
  }
  app.use((request) => {
    throw new PublicError("not_found", `there is no ${request.method} ${request.path}`);
  });
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    if (error instanceof ClientGone) return void response.destroy();
    if (!response.headersSent && !response.hasHeader("x-request-id"))
      response.setHeader("x-request-id", gateway.newIds().requestId);
    if (error instanceof PublicError) return sendError(response, error);
    if (error instanceof URIError)
      return sendError(response, new PublicError("invalid_request", "the path cannot be read"));
    gateway.logger.error({ err: error, path: request.path }, "a route failed by a bug");
    sendError(response, new PublicError("internal_error", "the gateway failed; its log has the reason"));
  });
  return serverOf(app);
}

/**
 * Express sets the prototypes of every request and response, which spoils the engine's optimisations and costs three quarters of
 * the throughput. A server whose request and response classes have Express's prototypes from the start makes that a no-op.
 */
function serverOf(app: express.Express): http.Server {
  class ExpressRequest extends http.IncomingMessage {}
  class ExpressResponse extends http.ServerResponse {}
  Object.setPrototypeOf(ExpressRequest.prototype, app.request);
  Object.setPrototypeOf(ExpressResponse.prototype, app.response);
  Object.assign(app, { request: ExpressRequest.prototype, response: ExpressResponse.prototype });
  return http.createServer(
    {
      IncomingMessage: ExpressRequest,
      ServerResponse: ExpressResponse,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    },
    app,
  );
}

import express, { type Application, type RequestHandler } from "express";
import { z } from "zod";
import { PublicError } from "../../models/domain/errors.ts";
import { groupBy } from "../group-by.ts";
import { reportFiles } from "../reports/report-files.ts";
import { type Access, type AccessDeps, openAccess } from "./access-guard.ts";
import { accessTokens } from "./access-tokens.ts";
import { type ActionRecord, openActionRecord } from "./action-record.ts";
import { answerError } from "./answer-error.ts";
import type { ControlDeps } from "./control-deps.ts";
import { jsonBody } from "./json-body.ts";
import { LIVE_CALL, liveStream } from "./live.ts";
import { openApiOf } from "./openapi.ts";
import { openPanel } from "./panel-files.ts";
import { plainRoute, type Route } from "./route.ts";
import { actionRoutes } from "./routes/actions.ts";
import { alertRoutes } from "./routes/alerts.ts";
import { anomalyRoutes } from "./routes/anomalies.ts";
import { automationRoutes } from "./routes/automation.ts";
import { catalogRoutes } from "./routes/catalog.ts";
import { costRoutes } from "./routes/costs.ts";
import { decisionRoutes } from "./routes/decisions.ts";
import { directiveRoutes } from "./routes/directives.ts";
import { emergencyRoutes } from "./routes/emergency.ts";
import { forecastRoutes } from "./routes/forecasts.ts";
import { jobRoutes } from "./routes/jobs.ts";
import { keyRoutes } from "./routes/keys.ts";
import { metricRoutes } from "./routes/metrics.ts";
import { recentRoutes } from "./routes/recent.ts";
import { recommendationRoutes } from "./routes/recommendations.ts";
import { safeguardRoutes } from "./routes/safeguards.ts";
import { spendRoutes } from "./routes/spend.ts";
import { userRoutes } from "./routes/users.ts";
import { whatifRoutes } from "./routes/whatif.ts";
import { SESSION_CALLS, sessionRoutes } from "./session-routes.ts";
import { openSessions } from "./sessions.ts";
import { openTokenCheck } from "./token-check.ts";

const MAX_BODY = "256kb";

/** The control API and the panel. Everything below `/api` needs a token or a session, whether a route exists there or not. */
export function openControlApi(deps: ControlDeps): Application {
  const app = express();
  app.disable("x-powered-by");
  app.set("trust proxy", deps.trustedProxies ?? []);
  mountOpenRoutes(app, deps);
  const routes = controlRoutes(deps);
  const actions = openActionRecord(deps);
  const checkToken = openTokenCheck({ ...deps, roleOf: accessTokens(deps), actions });
  const sessions = openSessions(deps.now);
  const access = openAccess({ checkToken, sessions, isReadOnly: readOnlyCalls(routes) });
  const { reportsDir } = deps;
  if (reportsDir !== undefined) app.use(reportFiles({ dataDir: reportsDir, guard: access.guard }));
  app.use("/api", noStore, requireJson);
  app.use("/api/session", sessionRoutes({ checkToken, sessions, actions }));
  app.use("/api", access.guard);
  app.use("/api", jsonBody(MAX_BODY));
  for (const route of routes) app[route.method](route.path, handlerOf(route, access, actions));
  app.get(LIVE_CALL.path, liveStream(deps));
  refuseOtherMethods(app, [...routes, LIVE_CALL]);
  app.use((request) => {
    throw new PublicError("not_found", `there is no ${request.method} ${request.path}`);
  });
  app.use(answerError(deps.logger));
  return app;
}

function controlRoutes(deps: ControlDeps): Route[] {
  const routes = [
    ...actionRoutes(deps),
    ...keyRoutes(deps),
    ...userRoutes(deps),
    ...directiveRoutes(deps),
    ...emergencyRoutes(deps),
    ...safeguardRoutes(deps),
    ...metricRoutes(deps),
    ...recentRoutes(deps),
    ...spendRoutes(deps),
    ...decisionRoutes(deps),
    ...automationRoutes(deps),
    ...whatifRoutes(deps),
    ...forecastRoutes(deps),
    ...recommendationRoutes(deps),
    ...alertRoutes(deps),
    ...anomalyRoutes(deps),
    ...catalogRoutes(deps),
    ...costRoutes(deps),
    ...jobRoutes(deps),
  ];
  const described: Route[] = [
    ...routes,
    plainRoute({
      method: "get",
      path: "/api/openapi.json",
      summary: "This description",
      answer: z.looseObject({}),
      handle: () => description,
    }),
  ];
  const description = openApiOf(described, [LIVE_CALL, ...SESSION_CALLS]);
  return described;
}

/** For probes and people who look around; tells nothing that is not in the documentation. */
function mountOpenRoutes(app: Application, { warehouse, panel = openPanel() }: ControlDeps): void {
  app.get("/healthz", (_request, response) => {
    response.json({ ok: true });
  });
  // Ready without the warehouse: keys, directives and emergency controls work then, and are wanted most.
  app.get("/readyz", async (_request, response) => {
    response.json({ ready: true, warehouse: (await warehouse.ping()) ? "up" : "down" });
  });
  app.use(panel.router);
}

/** The calls that a viewer may make although their method is one that changes things; none of them has parameters in its path. */
function readOnlyCalls(routes: readonly Route[]): AccessDeps["isReadOnly"] {
  const calls = new Set(
    routes
      .filter(({ isReadOnly }) => isReadOnly)
      .map(({ method, path }) => `${method.toUpperCase()} ${path}`),
  );
  return ({ method, baseUrl, path }) => calls.has(`${method} ${baseUrl}${path}`);
}

function handlerOf(route: Route, access: Access, actions: ActionRecord): RequestHandler {
  const { run, status, toCsv, summary, path, isReadOnly } = route;
  return async (request, response) => {
    const { params, query, body } = request;
    const raw = { params, query, body: body ?? {} };
    const answer = isReadOnly
      ? await run(raw)
      : await actions.around(
          request,
          { who: access.identityOf(request), what: { action: summary, path } },
          () => run(raw),
        );
    if (toCsv !== null && request.accepts(["json", "csv"]) === "csv") {
      response.status(status).type("text/csv").send(toCsv(answer, raw));
    } else response.status(status).json(answer);
  };
}

function refuseOtherMethods(app: Application, routes: readonly Pick<Route, "method" | "path">[]): void {
  for (const [path, same] of groupBy(routes, (route) => route.path)) {
    const allowed = same.map(({ method }) => method.toUpperCase()).join(", ");
    app.all(path, (request, response) => {
      response.set("allow", allowed);
      throw new PublicError("method_not_allowed", `${request.method} is not possible here; use ${allowed}`);
    });
  }
}

const noStore: RequestHandler = (_request, response, next) => {
  response.set("cache-control", "no-store");
  next();
};

/** Another type would be taken for an empty body, and its absence of fields for the caller's mistake. */
const requireJson: RequestHandler = (request, _response, next) => {
  const hasBody =
    request.headers["transfer-encoding"] !== undefined || Number(request.get("content-length")) > 0;
  if (hasBody && request.is("application/json") === false) {
    throw new PublicError("unsupported_media_type", "send the body as `content-type: application/json`");
  }
  next();
};

import express, { type Application, type RequestHandler } from "express";
import { z } from "zod";
import { PublicError } from "../../models/domain/errors.ts";
import { groupBy } from "../group-by.ts";
import { adminGuard } from "./admin-guard.ts";
import { answerError } from "./answer-error.ts";
import type { ControlDeps } from "./control-deps.ts";
import { liveStream } from "./live.ts";
import { openApiOf } from "./openapi.ts";
import { plainRoute, type Route } from "./route.ts";
import { alertRoutes } from "./routes/alerts.ts";
import { catalogRoutes } from "./routes/catalog.ts";
import { costRoutes } from "./routes/costs.ts";
import { decisionRoutes } from "./routes/decisions.ts";
import { directiveRoutes } from "./routes/directives.ts";
import { emergencyRoutes } from "./routes/emergency.ts";
import { forecastRoutes } from "./routes/forecasts.ts";
import { jobRoutes } from "./routes/jobs.ts";
import { keyRoutes } from "./routes/keys.ts";
import { metricRoutes } from "./routes/metrics.ts";
import { safeguardRoutes } from "./routes/safeguards.ts";
import { userRoutes } from "./routes/users.ts";

const MAX_BODY = "256kb";

/** The control API. Everything below `/api` needs the admin's token, whether a route exists there or not. */
export function openControlApi(deps: ControlDeps): Application {
  const app = express();
  app.disable("x-powered-by");
  mountOpenRoutes(app, deps);
  app.use("/api", adminGuard(deps.adminToken), noStore, requireJson);
  app.use("/api", express.json({ limit: MAX_BODY }));
  const routes = controlRoutes(deps);
  for (const route of routes) app[route.method](route.path, handlerOf(route));
  app.get("/api/live", liveStream(deps));
  refuseOtherMethods(app, [...routes, { method: "get", path: "/api/live" }]);
  app.use((request) => {
    throw new PublicError("not_found", `there is no ${request.method} ${request.path}`);
  });
  app.use(answerError(deps.logger));
  return app;
}

function controlRoutes(deps: ControlDeps): Route[] {
  const routes = [
    ...keyRoutes(deps),
    ...userRoutes(deps),
    ...directiveRoutes(deps),
    ...emergencyRoutes(deps),
    ...safeguardRoutes(deps),
    ...metricRoutes(deps),
    ...decisionRoutes(deps),
    ...forecastRoutes(deps),
    ...alertRoutes(deps),
    ...catalogRoutes(deps),
    ...costRoutes(deps),
    ...jobRoutes(deps),
  ];
  const description = openApiOf(routes);
  return [
    ...routes,
    plainRoute({
      method: "get",
      path: "/api/openapi.json",
      summary: "This description",
      answer: z.looseObject({}),
      handle: () => description,
    }),
  ];
}

/** For probes and people who look around; tells nothing that is not in the documentation. */
function mountOpenRoutes(app: Application, { warehouse }: ControlDeps): void {
  app.get("/healthz", (_request, response) => {
    response.json({ ok: true });
  });
  // Ready without the warehouse: keys, directives and emergency controls work then, and are wanted most.
  app.get("/readyz", async (_request, response) => {
    response.json({ ready: true, warehouse: (await warehouse.ping()) ? "up" : "down" });
  });
  app.get("/", (_request, response) => {
    response.json({
      name: "Vigor control API",
      api: "/api (Authorization: Bearer <admin token>)",
      description: "/api/openapi.json",
      live: "/api/live",
      health: ["/healthz", "/readyz"],
    });
  });
}

function handlerOf({ run, status, toCsv }: Route): RequestHandler {
  return async (request, response) => {
    const { params, query, body } = request;
    const raw = { params, query, body: body ?? {} };
    const answer = await run(raw);
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

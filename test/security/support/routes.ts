import type http from "node:http";
import { z } from "zod";

/** A route as the server has it, so that a new one is attacked without being written down anywhere. */
export interface ServedRoute {
  readonly method: string;
  /** With `:id` for parameters. */
  readonly path: string;
}

const layer = z.looseObject({
  route: z
    .looseObject({
      path: z.union([z.string(), z.array(z.string())]),
      methods: z.record(z.string(), z.boolean()),
    })
    .optional(),
  handle: z.unknown(),
});

const MAX_METHODS = 4;

/** Every route of an Express application, those of its routers included. */
export function listRoutes(application: unknown): ServedRoute[] {
  return routesOf(Reflect.get(z.custom<object>().parse(application), "router"));
}

/** The application that an HTTP server hands its requests to. */
export function applicationOf(server: http.Server): unknown {
  return server.listeners("request")[0];
}

function routesOf(router: unknown): ServedRoute[] {
  if (typeof router !== "function" || !("stack" in router)) return [];
  return z
    .array(layer)
    .parse(router.stack)
    .flatMap(({ route, handle }) => {
      if (route === undefined) return routesOf(handle);
      const methods = Object.keys(route.methods);
      // What answers every method only says which ones there are.
      if (methods.length > MAX_METHODS) return [];
      return [route.path]
        .flat()
        .flatMap((path) => methods.map((method) => ({ method: method.toUpperCase(), path })));
    });
}

/** The path with its parameters filled in. */
export function fillPath(path: string, value = "x"): string {
  return path.replaceAll(/[:*]\w+/g, encodeURIComponent(value));
}

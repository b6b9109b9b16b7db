import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { loadConfig } from "../config.ts";

const ROOT = resolve(import.meta.dirname, "..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

const service = z.object({
  image: z.string(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  mem_limit: z.string(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
});
const compose = z
  .object({ services: z.record(z.string(), service), volumes: z.record(z.string(), z.null()) })
  .parse(parse(read("docker-compose.yml"), { merge: true }));
const services = Object.entries(compose.services);
const ours = services.filter(([, { image }]) => image.startsWith("vigor:"));
const scripts = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(read("package.json")));
const secrets: Record<string, string> = {
  ADMIN_TOKEN: "a-token-of-at-least-16",
  VALKEY_PASSWORD: "valkey-secret",
  CLICKHOUSE_PASSWORD: "clickhouse-secret",
};

describe("docker-compose.yml", () => {
  test.each(ours)("%s runs a command of package.json", (_name, { command = [] }) => {
    const started = `node --import @oxc-node/core/register ${command.join(" ")}`;
    expect(Object.values(scripts.scripts).some((script) => script.endsWith(started))).toBe(true);
    expect(existsSync(join(ROOT, command[0] ?? "missing"))).toBe(true);
  });

  test.each(ours)(
    "%s sets only variables that the code reads, and they are accepted",
    (_name, { environment }) => {
      const known = read(".env.example");
      for (const name of Object.keys(environment)) expect(known).toMatch(new RegExp(`^#?${name}=`, "m"));
      const config = loadConfig(filledIn(environment));
      expect(config.eventLog.adapter).toBe("kafka");
      expect(config.usageStore.adapter).toBe("redis");
      expect(config.warehouse.adapter).toBe("server");
    },
  );

  test("the URLs name services of the file, with the passwords that these are given", () => {
    for (const [, { environment }] of ours) {
      const env = filledIn(environment);
      const hosts = ["EVENT_LOG_URL", "USAGE_STORE_URL", "WAREHOUSE_URL", "GATEWAY_URL"].map(
        (name) => /^[a-z]+:\/\/(?:[^@]*@)?([^:/?]+)/.exec(env[name] ?? "")?.[1],
      );
      for (const host of hosts) expect(Object.keys(compose.services)).toContain(host);
    }
    expect(filledIn(compose.services.clickhouse?.environment ?? {}).CLICKHOUSE_PASSWORD).toBe(
      secrets.CLICKHOUSE_PASSWORD,
    );
  });

  test("each image is pinned, each service has a limit of memory, and no secret is in the file", () => {
    for (const [, { image }] of services) expect(image).toMatch(/:\d+\.\d+/);
    const text = read("docker-compose.yml");
    for (const line of text
      .split("\n")
      .filter((one) => /PASSWORD|TOKEN|API_KEY/.test(one) && one.includes(": ")))
      expect(line).toMatch(/^#|\$\{/);
  });

  test("every port is published on 127.0.0.1 unless the operator says otherwise, and only of the balancer and the pipeline", () => {
    const published = services.flatMap(([name, { ports }]) => ports.map((port) => ({ name, port })));
    for (const { name, port } of published) {
      expect(port).toMatch(/^(127\.0\.0\.1|\$\{\w+_HOST:-127\.0\.0\.1\}):\d+:\d+$/);
      expect(["balancer", "pipeline"]).toContain(name);
    }
    expect(published.length).toBeGreaterThan(0);
  });

  test("the catalog is mounted read-only, and is not in the image", () => {
    for (const [, { environment, volumes }] of ours) {
      expect(volumes).toContain(`./catalog.yaml:${environment.CATALOG_FILE}:ro`);
    }
    expect(read(".dockerignore").split("\n")).toContain("catalog.yaml");
  });

  test("the pipeline asks the gateways on the balancer's port that is not published", () => {
    const [, port] = /:(\d+)$/.exec(compose.services.pipeline?.environment.GATEWAY_URL ?? "") ?? [];
    expect(read("haproxy.cfg")).toContain(`bind :${port}`);
    const published = services.flatMap(([, { ports }]) => ports.map((entry) => entry.split(":").at(-1)));
    expect(published).not.toContain(port);
  });

  test("each named volume exists, and no two services share one", () => {
    const used = services.flatMap(([, { volumes }]) => volumes.filter((volume) => !volume.startsWith(".")));
    const names = used.map((volume) => volume.split(":")[0]);
    expect(new Set(names).size).toBe(names.length);
    expect(names.toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
  });

  test("the load balancer knows every gateway, and asks for a route that there is", () => {
    const balancer = read("haproxy.cfg");
    const gateways = ours.filter(([, { command }]) => command?.[0] === "gateway/main.ts");
    expect(gateways.length).toBeGreaterThan(1);
    for (const [name] of gateways) expect(balancer).toContain(`server ${name} ${name}:8080`);
    expect(balancer).toContain("GET /readyz");
  });
});

test("the image runs the start command of the file, not as root, without what only tests need", () => {
  const file = read("Dockerfile");
  expect(file).toContain("npm ci --omit=dev");
  expect(file).toMatch(/^USER node$/m);
  for (const [, image] of file.matchAll(/^FROM (\S+)/gm)) expect(image).toMatch(/^node:20\.(19|[2-9]\d)\./);
  const dependencies = z.object({ dependencies: z.record(z.string(), z.string()) });
  expect(dependencies.parse(JSON.parse(read("package.json"))).dependencies).toHaveProperty("@oxc-node/core");
});

/** As Compose fills variables in: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`. */
function filledIn(environment: Record<string, string>): Record<string, string> {
  const fill = (text: string): string =>
    text.replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_all, name: string, kind?: string, rest?: string) => {
      return secrets[name] ?? (kind === "-" ? (rest ?? "") : "");
    });
  return Object.fromEntries(Object.entries(environment).map(([name, text]) => [name, fill(text)]));
}

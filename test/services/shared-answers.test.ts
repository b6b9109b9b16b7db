import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { CachedAnswer } from "../../gateway/cache/cached-answer.ts";
import type { SharedAnswers } from "../../gateway/cache/shared-answers.ts";
import { openRedisAnswers } from "../../gateway/redis/shared-answers.ts";
import { testCatalog } from "../support/test-catalog.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { waitFor } from "../support/wait-for.ts";
import { type RedisServer, startRedisServer } from "./support/redis-server.ts";

const LIFETIME_MS = 60_000;
const LOOK_EVERY_MS = 50;
const FEATURES = { plan: { cache: { minutes: 60 } }, advice: { cache: { minutes: 60, scope: "shared" } } };

let server: RedisServer;
let redis: Redis;
const opened: { close(): Promise<void> }[] = [];
let prefix = "";
let tests = 0;
beforeAll(async () => {
  server = await startRedisServer();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.close();
});
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function openAnswers(): Promise<SharedAnswers> {
  const answers = await openRedisAnswers({
    url: server.url,
    prefix,
    onError: () => {},
    lookEveryMs: LOOK_EVERY_MS,
  });
  opened.push(answers);
  return answers;
}

/** Two gateways before one provider, with answers that no other test sees. */
async function openTwo(): Promise<[TestGateway, TestGateway]> {
  prefix = `test-${tests++}`;
  const catalog = testCatalog({ features: FEATURES });
  const first = await startTestGateway({ catalog, sharedAnswers: await openAnswers() });
  opened.push(first);
  const second = await startTestGateway({
    catalog,
    provider: first.provider,
    sharedAnswers: await openAnswers(),
  });
  opened.push({
    async close() {
      await second.running.close();
    },
  });
  // Each has a log of its own here; a user whom one of them has never seen would be somebody new to it.
  for (const gateway of [first, second])
    for (const user of ["ada", "bob"]) await gateway.setTier(user, "free");
  return [first, second];
}

async function ask(gateway: TestGateway, user: string, feature: string) {
  const response = await gateway.post(
    { model: "auto", messages: [{ role: "user", content: "a plan" }] },
    { "x-vigor-user": user, "x-vigor-feature": feature },
  );
  const text = await response.text();
  return { status: response.status, cache: response.headers.get("x-vigor-cache"), text };
}

const keysOfAnswers = () => redis.keys(`${prefix}:answer:*`);

it("an answer that one gateway has made is given again by another, to whom it may be given", async () => {
  const [first, second] = await openTwo();
  const made = await ask(first, "ada", "plan");
  await waitFor("the shared answer", async () => (await keysOfAnswers()).length === 1);
  expect(await ask(second, "ada", "plan")).toEqual({ ...made, cache: "hit" });
  expect((await ask(second, "bob", "plan")).cache).toBe("miss");

  await ask(first, "ada", "advice");
  await waitFor("the answer for all", async () => (await keysOfAnswers()).length === 3);
  expect((await ask(second, "bob", "advice")).cache).toBe("hit");
});

it("is gone from Redis when its lifetime is over", async () => {
  prefix = `test-${tests++}`;
  const answers = await openAnswers();
  answers.put(answerOf("short"), 200);
  answers.put(answerOf("long"), LIFETIME_MS);
  await waitFor("both", async () => (await answers.get(keyOf("long"))) !== null);
  await waitFor("the end of one", async () => (await answers.get(keyOf("short"))) === null);
  expect(await answers.get(keyOf("long"))).toEqual(answerOf("long"));
});

it("takes no more than half of the memory that Redis may use", async () => {
  prefix = `test-${tests++}`;
  const answers = await openAnswers();
  const used = Number(/used_memory:(\d+)/.exec(await redis.info("memory"))?.[1]);
  await redis.config("SET", "maxmemory", String(Math.round(used * 1.5)));
  try {
    let put = 0;
    await waitFor("an answer that is not kept", async () => {
      const name = `full-${put++}`;
      answers.put(answerOf(name), LIFETIME_MS);
      await redis.ping();
      return (await answers.get(keyOf(name))) === null;
    });
  } finally {
    await redis.config("SET", "maxmemory", "0");
  }
  await waitFor("room again", async () => {
    answers.put(answerOf("room"), LIFETIME_MS);
    return (await answers.get(keyOf("room"))) !== null;
  });
});

it("a Redis that is away is not felt: requests are answered by the provider", async () => {
  const [first, second] = await openTwo();
  await server.kill();
  try {
    expect(await ask(first, "ada", "plan")).toMatchObject({ status: 200, cache: "miss" });
    expect(await ask(first, "ada", "plan")).toMatchObject({ status: 200, cache: "hit" });
    expect(await ask(second, "ada", "plan")).toMatchObject({ status: 200, cache: "miss" });
  } finally {
    await server.restart();
  }
});

const KEY_LENGTH = 43;

function keyOf(name: string): string {
  return name.padEnd(KEY_LENGTH, "-");
}

function answerOf(name: string): CachedAnswer {
  return {
    key: keyOf(name),
    owner: "",
    life: 0,
    kind: "json",
    contentType: "application/json",
    body: Buffer.from(JSON.stringify({ name })),
    provider: "cheap",
    feature: "plan",
    costNano: 1,
    madeMs: 2,
    storedAtMs: 3,
  };
}

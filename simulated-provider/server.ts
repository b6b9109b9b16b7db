import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { prettifyError } from "zod";
import { seededRandom } from "../models/simulation/random.ts";
import { type BehaviourOverrides, behaviourOverrides } from "./behaviour.ts";
import { type Body, readBody } from "./body.ts";
import { MAX_PROVIDERS, openBooks, type ProviderBooks } from "./books.ts";
import { type Call, openCall } from "./call.ts";
import { completeChat } from "./chat-completions.ts";
import { completeEmbeddings } from "./embeddings.ts";
import { completeGemini, isGeminiPath } from "./gemini/generate-content.ts";
import { type ProfileOverrides, profileOf } from "./profiles.ts";
import { writeProse } from "./prose.ts";
import { openRepetitions } from "./repetitions.ts";
import { completeResponse } from "./responses/create-response.ts";
import { sendError, sendJson } from "./send.ts";
import type { World } from "./world.ts";

export interface SimulatedProviderOptions {
  /** 0 = any free one. */
  readonly port?: number;
  readonly host?: string;
  readonly seed?: number;
  /** 1 = true to life, 0.05 = twenty times as fast, 0 = at once. */
  readonly latencyScale?: number;
  /** Scales the profiles' own error rates; by default no call fails that is not told to. */
  readonly errorScale?: number;
  /** Changes to the profiles, by the providers' names. */
  readonly models?: ProfileOverrides;
}

export interface SimulatedProvider {
  /** Without a slash at the end; a provider's base URL is `${url}/<name>/v1`. */
  readonly url: string;
  books(): Record<string, ProviderBooks>;
  /** Replaces the provider's overrides; `{}` ends them. */
  setBehaviour(provider: string, overrides: BehaviourOverrides): void;
  /** Breaks what is still in flight. */
  close(): Promise<void>;
}

/** Longer than any client's pool keeps a connection, so that the server is never the one to close it. */
const KEEP_ALIVE_MS = 120_000;
const DEFAULT_SEED = 1;

/** Starts the server; rejects when the port cannot be had. */
export async function startSimulatedProvider(
  options: SimulatedProviderOptions = {},
): Promise<SimulatedProvider> {
  const { port = 0, host = "127.0.0.1", seed = DEFAULT_SEED, models = {} } = options;
  const world: World = {
    seed,
    latencyScale: options.latencyScale ?? 1,
    errorScale: options.errorScale ?? 0,
    models,
    books: openBooks(),
    behaviours: new Map(),
    repetitions: openRepetitions(),
    prose: writeProse(seededRandom(seed)),
  };
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true }, (request, response) => {
    handle(world, { request, response }).catch((error: unknown) => fail(response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    books: () => world.books.all(),
    setBehaviour: (provider, overrides) => void putBehaviour(world, provider, overrides),
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function handle(world: World, exchange: Exchange): Promise<void> {
  const { method = "GET", url = "/" } = exchange.request;
  const slash = url.indexOf("/", 1);
  const first = url.slice(1, slash === -1 ? undefined : slash);
  const rest = slash === -1 ? "" : url.slice(slash + 1);
  if (method === "POST" && rest === "v1/chat/completions") {
    await callProvider(world, first, { ...exchange, answer: completeChat });
  } else if (method === "POST" && rest === "v1/responses") {
    await callProvider(world, first, { ...exchange, answer: completeResponse });
  } else if (method === "POST" && isGeminiPath(rest)) {
    const answer = (_world: World, call: Call, body: Body) =>
      completeGemini(world, call, { path: rest, body });
    await callProvider(world, first, { ...exchange, answer });
  } else if (method === "POST" && rest === "v1/embeddings") {
    await callProvider(world, first, { ...exchange, answer: completeEmbeddings });
  } else if (first === "behaviour") await control(world, rest, exchange);
  else answerQuestion(world, `${method} ${url}`, exchange);
}

function answerQuestion(world: World, question: string, { response }: Exchange): void {
  const [, provider] = /^GET \/([^/]+)\/v1\/models$/.exec(question) ?? [];
  if (provider !== undefined) sendJson(response, 200, listModels(world, provider));
  else if (question === "GET /health") sendJson(response, 200, '{"status":"ok"}');
  else if (question === "GET /books") sendJson(response, 200, JSON.stringify(world.books.all()));
  else sendError(response, 404, `There is no ${question}.`);
}

async function callProvider(
  world: World,
  provider: string,
  exchange: Exchange & { answer(world: World, call: Call, body: Body): void },
): Promise<void> {
  const call = openCall(provider, world.books, exchange.response);
  if (call === null) {
    sendError(exchange.response, 404, `There are more than ${MAX_PROVIDERS} providers.`);
    return;
  }
  if (world.behaviours.get(provider)?.down === true) {
    call.close("failed", null);
    exchange.response.destroy();
    return;
  }
  const body = await readBody(exchange.request);
  if (body === null) call.refuse(413, "The request is too large.");
  else if (body.json === undefined) call.refuse(400, "We could not parse the JSON body of your request.");
  else exchange.answer(world, call, body);
}

/** Faults are put on from the same machine only. */
async function control(world: World, provider: string, { request, response }: Exchange): Promise<void> {
  if (!isLoopback(request.socket.remoteAddress ?? "")) sendError(response, 403, "Only from loopback.");
  else if (request.method === "DELETE") {
    world.behaviours.delete(provider);
    sendJson(response, 200, "{}");
  } else if (request.method === "PUT") {
    const parsed = behaviourOverrides.safeParse((await readBody(request))?.json);
    if (!parsed.success) sendError(response, 400, prettifyError(parsed.error));
    else if (putBehaviour(world, provider, parsed.data)) sendJson(response, 200, JSON.stringify(parsed.data));
    else sendError(response, 404, `There are more than ${MAX_PROVIDERS} providers.`);
  } else sendError(response, 405, "Use PUT or DELETE.");
}

function putBehaviour(world: World, provider: string, overrides: BehaviourOverrides): boolean {
  if (!world.behaviours.has(provider) && world.behaviours.size >= MAX_PROVIDERS) return false;
  world.behaviours.set(provider, overrides);
  return true;
}

function listModels({ models }: World, provider: string): string {
  const model = { id: profileOf(provider, models).model, object: "model", created: 0, owned_by: "simulated" };
  return JSON.stringify({ object: "list", data: [model] });
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.replace(/^::ffff:/, "").startsWith("127.");
}

/** A bug, or a client that broke off while it sent its body; the latter has nobody left to be answered. */
function fail(response: ServerResponse, error: unknown): void {
  if (response.destroyed) return;
  console.error("the simulated provider failed:", error);
  if (response.headersSent) response.destroy();
  else sendError(response, 500, "The simulated provider has a bug; its log says more.");
}

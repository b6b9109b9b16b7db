import type { AdapterName } from "../catalog.ts";
import { type ChatRequest, chatBody } from "./chat-parameters.ts";
import { type EmbeddingsRequest, embeddingsBody } from "./embeddings-parameters.ts";
import { type ParameterRule, rulesOf } from "./parameter.ts";
import { type ResponsesRequest, responsesBody } from "./responses-parameters.ts";

export type Endpoint = "chat" | "responses" | "embeddings";

/** A parsed body of each endpoint: nothing is in it, at any depth, that the table does not name. */
export interface RequestBodies {
  readonly chat: ChatRequest;
  readonly responses: ResponsesRequest;
  readonly embeddings: EmbeddingsRequest;
}

export type ParsedRequest = {
  readonly [Name in Endpoint]: {
    readonly endpoint: Name;
    readonly body: RequestBodies[Name];
    /** Parameters beside the table's that some provider of the catalog allows; null: none. */
    readonly extra: Readonly<Record<string, unknown>> | null;
  };
}[Endpoint];

/** The shapes that the parser accepts. Parsing gives a new object, of what may be sent and nothing else. */
export const BODY_SHAPES = { chat: chatBody, responses: responsesBody, embeddings: embeddingsBody } as const;

/** The table of parameters, by endpoint and name: docs/parameters.md shows it. */
export const PARAMETERS: Readonly<Record<Endpoint, ReadonlyMap<string, ParameterRule>>> = {
  chat: rulesOf(chatBody),
  responses: rulesOf(responsesBody),
  embeddings: rulesOf(embeddingsBody),
};

export type Handling = "sent" | "dropped" | "refused";

/** What an adapter does with each parameter of an endpoint. Imposed and read ones are not copied, so they count as dropped. */
export function handlingBy(adapter: AdapterName, endpoint: Endpoint): ReadonlyMap<string, Handling> {
  return new Map([...PARAMETERS[endpoint]].map(([name, rule]) => [name, handlingOf(rule, adapter)] as const));
}

function handlingOf({ cost, adapters, elsewhere }: ParameterRule, adapter: AdapterName): Handling {
  if (cost === "imposed" || cost === "read") return "dropped";
  return adapters.includes(adapter) ? "sent" : elsewhere;
}

/** Whether the table has it for the adapter already, so that no key of the catalog is needed. */
export function isKnownTo(adapter: AdapterName, name: string): boolean {
  return Object.values(PARAMETERS).some((rules) => {
    const rule = rules.get(name);
    return rule !== undefined && (rule.cost !== "free" || rule.adapters.includes(adapter));
  });
}

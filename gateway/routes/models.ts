import type { Request, Response } from "express";
import { PublicError } from "../../models/domain/errors.ts";
import { AUTO_MODEL } from "../../models/policy/route.ts";
import { bearerToken } from "../caller.ts";
import type { Gateway } from "../gateway.ts";
import { sendJson } from "./send-json.ts";

/** `GET /v1/models`: `auto`, and each provider and embedding model of the catalog by its name, in OpenAI's shape. */
export async function serveModels(gateway: Gateway, request: Request, response: Response): Promise<void> {
  await requireKey(gateway, request);
  sendJson(response, 200, { object: "list", data: namesOf(gateway).map(modelObject) });
}

/** `GET /v1/models/{id}`: one of them. */
export async function serveOneModel(gateway: Gateway, request: Request, response: Response): Promise<void> {
  await requireKey(gateway, request);
  const id = namesOf(gateway).find((name) => name === request.params.id);
  if (id === undefined) {
    const message = "there is no model of that name; GET /v1/models lists all";
    throw new PublicError("unknown_model", message, { param: "model" });
  }
  sendJson(response, 200, modelObject(id));
}

async function requireKey(gateway: Gateway, request: Request): Promise<void> {
  if ((await gateway.directory.appOf(bearerToken(request))) === null) {
    throw new PublicError("invalid_key", "the key is unknown or revoked");
  }
}

function namesOf({ controls }: Gateway): string[] {
  const { providers, embeddings } = controls.current().catalog;
  return [AUTO_MODEL, ...providers.keys(), ...embeddings.keys()];
}

function modelObject(id: string) {
  return { id, object: "model", created: 0, owned_by: "vigor" };
}

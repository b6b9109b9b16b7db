import type { Request, Response } from "express";
import { PublicError } from "../../models/domain/errors.ts";
import { AUTO_MODEL } from "../../models/policy/route.ts";
import { bearerToken } from "../caller.ts";
import type { Gateway } from "../gateway.ts";
import { sendJson } from "./send-json.ts";

/** `GET /v1/models`: `auto`, and each provider and embedding model of the catalog by its name, in OpenAI's shape. */
export async function serveModels(gateway: Gateway, request: Request, response: Response): Promise<void> {
  if ((await gateway.directory.appOf(bearerToken(request))) === null) {
    throw new PublicError("invalid_key", "the key is unknown or revoked");
  }
  const { providers, embeddings } = gateway.controls.current().catalog;
  const names = [AUTO_MODEL, ...providers.keys(), ...embeddings.keys()];
  const data = names.map((id) => ({ id, object: "model", created: 0, owned_by: "vigor" }));
  sendJson(response, 200, { object: "list", data });
}

import type { Body } from "../body.ts";
import type { Call } from "../call.ts";
import { complete } from "../chat-completions.ts";
import type { World } from "../world.ts";
import { geminiForm } from "./gemini-form.ts";
import { chatDocument, geminiRequest } from "./gemini-request.ts";

/** `v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse`; `v1` will do, too. */
const PATH = /^v1(?:beta)?\/models\/([^/:?]+):(generateContent|streamGenerateContent\?alt=sse)$/;

export function isGeminiPath(path: string): boolean {
  return PATH.test(path);
}

/** Google's own interface: https://ai.google.dev/api/generate-content */
export function completeGemini(
  world: World,
  call: Call,
  { path, body }: { readonly path: string; readonly body: Body },
): void {
  const [, model = "", method = ""] = PATH.exec(path) ?? [];
  const parsed = geminiRequest.safeParse(body.json);
  if (!parsed.success) {
    call.refuseInvalid(parsed.error);
    return;
  }
  const stream = method !== "generateContent";
  const document = chatDocument(parsed.data, { model: decodeURIComponent(model), stream });
  complete(world, call, { document, bytes: body.bytes, form: geminiForm });
}

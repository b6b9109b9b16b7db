import type { AdapterName } from "../../models/domain/catalog.ts";
import type { ProviderAdapter } from "./adapter.ts";
import { geminiAdapter } from "./gemini/gemini-adapter.ts";
import { openAiAdapter, openAiCompatibleAdapter } from "./openai/openai-adapter.ts";
import { perplexityAdapter } from "./perplexity-adapter.ts";

export const ADAPTERS: Readonly<Record<AdapterName, ProviderAdapter>> = {
  openai: openAiAdapter,
  "openai-compatible": openAiCompatibleAdapter,
  gemini: geminiAdapter,
  perplexity: perplexityAdapter,
};

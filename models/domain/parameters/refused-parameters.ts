/** Why a parameter of one of the providers is not in the table. One that is in neither is refused, too. */
export interface RefusedParameter {
  readonly why: string;
  /** False: no key of the catalog allows it, since what it costs cannot be said beforehand, or the gateway could not read the answer. */
  readonly canBeAllowed: boolean;
}

const refused = (why: string, canBeAllowed = true): RefusedParameter => ({ why, canBeAllowed });

const STORED = "what the provider has stored counts as input, and its length is not known";
const SEARCH = "the provider charges a fee for what it searches, and counts what it finds as input";

/** For the message that the app gets, and for people who decide what to allow. Of any endpoint. Null is the same as nothing. */
export const REFUSED_PARAMETERS: Readonly<Record<string, RefusedParameter>> = {
  audio: refused("audio has a price of its own"),
  background: refused("the answer would have to be fetched from the provider later", false),
  context_management: refused("the provider would rewrite the prompt by further calls"),
  conversation: refused(STORED, false),
  enable_search: refused(SEARCH),
  extra_body: refused("it is a setting of clients, which put its fields into the body themselves", false),
  models: refused("another model has another price", false),
  plugins: refused("plugins have fees of their own"),
  prediction: refused("predicted tokens that are not used are charged as output"),
  previous_response_id: refused(STORED, false),
  prompt: refused(STORED, false),
  provider: refused("another provider of the model has another price"),
  return_images: refused("images may have a fee of their own"),
  return_related_questions: refused("questions are generated beside the answer"),
  route: refused("another model has another price", false),
  search_mode: refused(SEARCH),
  search_parameters: refused(SEARCH),
  thinking: refused("a thinking budget may lie above the output limit; `reasoning_effort` is bounded"),
  thinking_budget: refused("a thinking budget may lie above the output limit; `reasoning_effort` is bounded"),
  transforms: refused("the provider would rewrite the prompt"),
  web_search: refused(SEARCH),
  web_search_options: refused(SEARCH),
};

/** They are what adapters write into bodies of other forms than OpenAI's: a parameter of that name would replace it. */
const RESERVED = [
  "cachedContent",
  "cached_content",
  "contents",
  "generationConfig",
  "generation_config",
  "labels",
  "model",
  "systemInstruction",
  "system_instruction",
  "toolConfig",
  "tool_config",
];

/** Why the catalog cannot allow it; null: it can. */
export function cannotBeAllowed(name: string): string | null {
  if (RESERVED.includes(name)) return "the gateway writes it itself";
  const found = Object.hasOwn(REFUSED_PARAMETERS, name) ? REFUSED_PARAMETERS[name] : undefined;
  return found === undefined || found.canBeAllowed ? null : found.why;
}

import { z } from "zod";
import { EVERY_ADAPTER, flag, freeForm, parameter } from "./parameter.ts";

const streamOptions = z.strictObject({ include_usage: flag(), include_obfuscation: flag() });

/** Rows of chat and responses alike. A function: each table has rows of its own. */
export function common() {
  return {
    ...caller(),
    stream: parameter(flag(), {
      cost: "free",
      why: "A stream costs what its answer costs.",
      adapters: EVERY_ADAPTER,
      elsewhere: "refused",
    }),
    stream_options: parameter(streamOptions.nullish(), {
      cost: "imposed",
      why: "The usage of a stream is always asked for, and passed on where the app asked for it.",
      adapters: ["openai", "openai-compatible", "perplexity"],
      elsewhere: "dropped",
    }),
    prompt_cache_key: parameter(z.string().max(1_000).nullish(), {
      cost: "free",
      why: "It can only make cached input likelier, which costs no more.",
      adapters: ["openai"],
      elsewhere: "dropped",
    }),
    prompt_cache_retention: parameter(z.string().max(20).nullish(), {
      cost: "read",
      why: "A cache that is kept longer may have a fee, so it is not asked for.",
      adapters: [],
      elsewhere: "dropped",
    }),
    service_tier: parameter(z.enum(["auto", "default", "flex"]).nullish(), {
      cost: "imposed",
      why: "`default`, also where the account has another one; `flex`, which costs less, where it is asked for. Others cost more, and are refused.",
      adapters: ["openai"],
      elsewhere: "dropped",
    }),
    store: parameter(flag(), {
      cost: "imposed",
      why: "`false`: what a provider keeps could be asked for by a reference, whose length is not known.",
      adapters: ["openai"],
      elsewhere: "dropped",
    }),
  };
}

/** Rows of every endpoint. */
export function caller() {
  return {
    model: parameter(z.string().min(1).max(200), {
      cost: "imposed",
      why: "The provider's own name of the model that the gateway chose.",
      adapters: EVERY_ADAPTER,
      elsewhere: "refused",
    }),
    user: parameter(z.string().nullish(), {
      cost: "free",
      why: "Who asks does not change what it costs.",
      adapters: ["openai", "openai-compatible"],
      elsewhere: "dropped",
    }),
    safety_identifier: parameter(z.string().nullish(), {
      cost: "free",
      why: "As `user`.",
      adapters: ["openai"],
      elsewhere: "dropped",
    }),
    metadata: parameter(freeForm().nullish(), {
      cost: "read",
      why: "The gateway reads `feature`, `country` and `device`. A provider takes it only with what it keeps; simulated ones are told by it how to behave.",
      adapters: [],
      elsewhere: "dropped",
    }),
  };
}

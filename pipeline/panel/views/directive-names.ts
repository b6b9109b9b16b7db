import type { ShownDirective } from "../data/shapes/steer.ts";
import { wordsOf } from "./words.ts";

/** A directive in a few words: `rate-limit (requests per minute 60, scope user)`. */
export function nameOfKind({ kind, params }: Pick<ShownDirective, "kind" | "params">): string {
  const details = wordsOf(params);
  return details === "" ? kind : `${kind} (${details})`;
}

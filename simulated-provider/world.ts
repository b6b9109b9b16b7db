import type { BehaviourOverrides } from "./behaviour.ts";
import type { Books } from "./books.ts";
import type { ProfileOverrides } from "./profiles.ts";
import type { Prose } from "./prose.ts";
import type { Repetitions } from "./repetitions.ts";

/** What all calls of one server share. */
export interface World {
  readonly seed: number;
  readonly latencyScale: number;
  readonly errorScale: number;
  readonly models: ProfileOverrides;
  readonly books: Books;
  readonly behaviours: Map<string, BehaviourOverrides>;
  readonly repetitions: Repetitions;
  readonly prose: Prose;
}

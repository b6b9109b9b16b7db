import { crc32 } from "node:zlib";
import { openGenerations } from "../generations.ts";

/** Who asks the same once more after so short a time was not content with the answer. */
export const AGAIN_MS = 60_000;
/** Answers that are remembered at once: twice this many. Under more load than that in a minute, the minute is cut short. */
const MAX_IN_GENERATION = 30_000;

interface Answered {
  readonly provider: string;
  readonly atMs: number;
}

/** Which questions were answered a moment ago: checksums only, in this gateway's memory only. */
export interface RecentQuestions {
  /** The provider that answered the same question in the last minute before it was asked; empty: none did. */
  answererOf(question: string, askedAtMs: number): string;
  answered(question: string, answered: Answered): void;
  /** Forgets what a user has asked. */
  forget(userId: string): void;
}

/**
 * The same user's same bytes: nothing is said of questions that mean the same. A checksum will do: within a minute, two different
 * questions of one user and one length have the same one once in four billion times.
 */
export function questionOf(userId: string, body: Buffer): string {
  return `${crc32(body)} ${body.length} ${userId}`;
}

/** A user's id has no spaces. */
function isOf(question: string, userId: string): boolean {
  return question.endsWith(` ${userId}`);
}

/** Two generations, each of a minute at most: what is in neither is older. */
export function openRecentQuestions(maxInGeneration = MAX_IN_GENERATION): RecentQuestions {
  const answers = openGenerations<Answered>({ maxInGeneration, maxAgeMs: AGAIN_MS });
  return {
    answererOf(question, askedAtMs) {
      const found = answers.get(question);
      if (found === undefined) return "";
      const waitedMs = askedAtMs - found.atMs;
      return waitedMs >= 0 && waitedMs < AGAIN_MS ? found.provider : "";
    },
    answered: (question, answered) => answers.set(question, answered, answered.atMs),
    forget: (userId) => answers.forget((question) => isOf(question, userId)),
  };
}

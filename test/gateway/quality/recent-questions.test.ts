import { describe, expect, it } from "vitest";
import { AGAIN_MS, openRecentQuestions, questionOf } from "../../../gateway/quality/recent-questions.ts";

const NOON_MS = Date.UTC(2026, 10, 24, 12);
const answered = (atMs: number, provider = "cheap") => ({ provider, atMs });

describe("the questions of the last minute", () => {
  it("are known by user and bytes", () => {
    const body = Buffer.from("{}");
    expect(questionOf("ada", body)).toBe(questionOf("ada", Buffer.from("{}")));
    expect(questionOf("ada", body)).not.toBe(questionOf("bob", body));
    expect(questionOf("ada", body)).not.toBe(questionOf("ada", Buffer.from("{ }")));
  });

  it("are remembered for a minute after their answer, whenever within a generation it came, and no longer", () => {
    for (let shiftMs = 0; shiftMs < 2 * AGAIN_MS; shiftMs += 7_000) {
      const questions = openRecentQuestions();
      questions.answered("first", answered(NOON_MS));
      const atMs = NOON_MS + shiftMs;
      questions.answered("asked", answered(atMs));
      questions.answered("later", answered(atMs + AGAIN_MS - 1));
      expect(questions.answererOf("asked", atMs), String(shiftMs)).toBe("cheap");
      expect(questions.answererOf("asked", atMs + AGAIN_MS - 1)).toBe("cheap");
      expect(questions.answererOf("asked", atMs + AGAIN_MS)).toBe("");
      // One that was asked before the answer was there was not asked again.
      expect(questions.answererOf("asked", atMs - 1)).toBe("");
    }
  });

  it("are those of whom answered last", () => {
    const questions = openRecentQuestions();
    questions.answered("asked", answered(NOON_MS, "one"));
    questions.answered("asked", answered(NOON_MS + 1, "two"));
    expect(questions.answererOf("asked", NOON_MS + 2)).toBe("two");
  });

  it("are forgotten rather than grow: twice the limit at most", () => {
    const limit = 100;
    const questions = openRecentQuestions(limit);
    for (let at = 0; at < 1_000; at += 1) questions.answered(`${at}`, answered(NOON_MS));
    const known = Array.from({ length: 1_000 }, (_, at) => questions.answererOf(`${at}`, NOON_MS + 1));
    expect(known.filter((provider) => provider !== "").length).toBeLessThanOrEqual(2 * limit);
    expect(known.at(-1)).toBe("cheap");
  });
});

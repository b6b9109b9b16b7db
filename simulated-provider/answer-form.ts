import type { Answer } from "./answer.ts";
import type { Frame, FrameOptions } from "./frames.ts";

/** How an interface writes an answer: as one document, or as a row of events. */
export interface AnswerForm {
  body(answer: Answer, withUsage: boolean): string;
  frames(answer: Answer, options: FrameOptions): Iterable<Frame>;
}

import type { Answer, Choice, Usage } from "../answer.ts";
import type { AnswerForm } from "../answer-form.ts";
import type { Frame, FrameOptions } from "../frames.ts";
import { countLongest, sliceTokens } from "../token-text.ts";

/** A `GenerateContentResponse`; a stream is a row of them, with what is new and the usage so far. Lines end as Google ends them. */
export const geminiForm: AnswerForm = {
  body(answer, withUsage) {
    if (isBlocked(answer)) return JSON.stringify(blockedResponse(answer, withUsage));
    const candidates = answer.choices.map((choice, index) =>
      candidateOf(index, partsOf(choice, choice.content.text), finishReason(choice)),
    );
    return JSON.stringify(responseOf(answer, candidates, withUsage ? answer.usage : null));
  },
  frames,
};

function* frames(answer: Answer, { includeUsage, drawChunkTokens }: FrameOptions): Generator<Frame> {
  if (isBlocked(answer)) {
    yield { text: `data: ${JSON.stringify(blockedResponse(answer, includeUsage))}\r\n\r\n`, tokens: 0 };
    return;
  }
  const longest = countLongest(answer.choices);
  const frame = (candidate: object, tokens: number, usage: Usage): Frame => ({
    text: `data: ${JSON.stringify(responseOf(answer, [candidate], includeUsage ? usage : null))}\r\n\r\n`,
    tokens,
  });
  for (let from = 0; from < longest; ) {
    const to = Math.min(from + drawChunkTokens(), longest);
    const soFar = { ...answer.usage, completionTokens: answer.usage.reasoningTokens + to };
    for (const [index, choice] of answer.choices.entries()) {
      const text = choice.toolCall === null ? sliceTokens(choice.content, from, to) : "";
      if (text !== "") yield frame(candidateOf(index, [{ text }], null), to, soFar);
    }
    from = to;
  }
  for (const [index, choice] of answer.choices.entries()) {
    const parts = choice.toolCall === null ? [] : partsOf(choice, choice.content.text);
    yield frame(candidateOf(index, parts, finishReason(choice)), longest, answer.usage);
  }
}

/** Google's way to refuse: the prompt was blocked, and there are no candidates. */
function isBlocked({ choices }: Answer): boolean {
  return choices.some(({ isRefusal }) => isRefusal);
}

function blockedResponse(answer: Answer, withUsage: boolean): object {
  const { candidates: _none, ...rest } = responseOf(answer, [], withUsage ? answer.usage : null);
  return { promptFeedback: { blockReason: "SAFETY" }, ...rest };
}

function responseOf({ id, model }: Answer, candidates: readonly object[], usage: Usage | null) {
  return {
    candidates,
    ...(usage === null ? {} : { usageMetadata: usageMetadata(usage) }),
    modelVersion: model,
    responseId: id.replace(/^chatcmpl-/, ""),
  };
}

function candidateOf(index: number, parts: readonly object[], reason: string | null): object {
  return {
    content: { ...(parts.length === 0 ? {} : { parts }), role: "model" },
    ...(reason === null ? {} : { finishReason: reason }),
    index,
  };
}

/** A call that was cut has no arguments that could be read, and is left out. */
function partsOf({ toolCall, finishReason: reason }: Choice, text: string): object[] {
  if (toolCall === null) return text === "" ? [] : [{ text }];
  if (reason === "length") return [];
  const args: unknown = JSON.parse(text);
  return [{ functionCall: { name: toolCall.name, args } }];
}

function finishReason({ finishReason: reason }: Choice): string {
  if (reason === "content_filter") return "SAFETY";
  return reason === "length" ? "MAX_TOKENS" : "STOP";
}

function usageMetadata({ promptTokens, cachedTokens, completionTokens, reasoningTokens }: Usage): object {
  return {
    promptTokenCount: promptTokens,
    ...(cachedTokens === 0 ? {} : { cachedContentTokenCount: cachedTokens }),
    candidatesTokenCount: completionTokens - reasoningTokens,
    ...(reasoningTokens === 0 ? {} : { thoughtsTokenCount: reasoningTokens }),
    totalTokenCount: promptTokens + completionTokens,
  };
}

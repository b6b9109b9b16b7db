/**
 * A text and where its tokens end: token i is `text.slice(ends[i - 1] - base, ends[i] - base)`.
 * A window of a long text shares the long one's numbers, so that a thousand tokens cost no more than one.
 */
export interface TokenText {
  readonly text: string;
  readonly ends: Uint32Array;
  readonly base: number;
}

const CHARACTERS_PER_TOKEN = 4;

/** The tokens from `from` to before `to`, or to the last one. */
export function sliceTokens({ text, ends, base }: TokenText, from: number, to: number): string {
  const start = from === 0 ? 0 : (ends[from - 1] ?? Number.POSITIVE_INFINITY) - base;
  const end = to >= ends.length ? text.length : (ends[to - 1] ?? 0) - base;
  return text.slice(start, end);
}

export function countTokens({ ends }: TokenText): number {
  return ends.length;
}

/** Of several choices the one that takes longest. */
export function countLongest(choices: readonly { readonly content: TokenText }[]): number {
  return choices.reduce((most, { content }) => Math.max(most, content.ends.length), 0);
}

/** At least one token, at most `limit`. */
export function truncate(content: TokenText, limit: number): TokenText {
  const kept = Math.max(1, limit);
  return { ...content, text: sliceTokens(content, 0, kept), ends: content.ends.subarray(0, kept) };
}

export const NO_TEXT: TokenText = { text: "", ends: new Uint32Array(0), base: 0 };

export function tokenizeJson(value: unknown): TokenText {
  return tokenizeText(JSON.stringify(value));
}

/** A text of tokens of four characters. A pair of surrogates may be cut in two: quoted as JSON, it comes together again. */
export function tokenizeText(text: string): TokenText {
  const count = Math.ceil(text.length / CHARACTERS_PER_TOKEN);
  const ends = Uint32Array.from({ length: count }, (_, index) => (index + 1) * CHARACTERS_PER_TOKEN);
  return { text, ends, base: 0 };
}

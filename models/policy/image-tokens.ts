/** Input tokens of one image at most, whatever its size. */
interface ImageBound {
  /** When the request says `detail: "low"`. */
  readonly low: number;
  readonly other: number;
}

/**
 * By the beginning of the model's name; the first that fits holds.
 * - gpt-4o-mini: 2833 + 5667 a tile, gpt-4o: 85 + 170 a tile, and at most 8 tiles: the short side is scaled to 768 and the
 *   long one to 2048, tiles are 512 wide (https://platform.openai.com/docs/guides/images-vision);
 * - gemini-2: 258 a tile of 768 × 768 after scaling to at most 3072 × 3072, and one of the whole; it does not know `detail`
 *   (https://ai.google.dev/gemini-api/docs/tokens).
 */
const BOUNDS: readonly (readonly [prefix: string, bound: ImageBound])[] = [
  ["gpt-4o-mini", { low: 2_833, other: 2_833 + 8 * 5_667 }],
  ["gpt-4o", { low: 85, other: 85 + 8 * 170 }],
  ["gemini-2", { low: 17 * 258, other: 17 * 258 }],
];

/** The dearest that is known; as many as 36 megapixels at the 750 pixels a token that others count. */
const DEAREST: ImageBound = { low: 48_200, other: 48_200 };

export function imageTokens(
  count: { readonly lowDetailImages: number; readonly images: number },
  model: string,
): number {
  const bound = BOUNDS.find(([prefix]) => model.startsWith(prefix))?.[1] ?? DEAREST;
  return count.lowDetailImages * bound.low + count.images * bound.other;
}

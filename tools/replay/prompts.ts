/** Characters of English text in a token, about. */
export const CHARACTERS_PER_TOKEN = 4;

const TEXT = [
  "Please adapt my training plan to the following notes from last week.",
  "I slept seven hours on most nights and my resting pulse went down a little.",
  "The long run felt easy, but the intervals on Thursday were harder than expected.",
  "My left knee is fine again; the shoulder still complains when I press overhead.",
  "I can train four times a week, at most fifty minutes, mostly in the evening.",
  "At home I have two dumbbells, a mat, a pull-up bar and a skipping rope.",
  "I would like to lose two kilos until spring without losing any strength.",
].join(" ");

/** Longer prompts repeat the text. */
const BUFFER_CHARACTERS = 64 * 1024;

/** Cuts prompts of a given length out of one prebuilt text. */
export function makePrompts(): (tokens: number, serial: string) => string {
  const buffer = TEXT.repeat(Math.ceil(BUFFER_CHARACTERS / TEXT.length));
  return (tokens, serial) => {
    const length = Math.max(1, tokens * CHARACTERS_PER_TOKEN);
    const rest = Math.max(0, length - serial.length - 1);
    const text =
      rest <= buffer.length ? buffer.slice(0, rest) : buffer.repeat(Math.ceil(rest / buffer.length));
    return `${serial} ${text.slice(0, rest)}`;
  };
}

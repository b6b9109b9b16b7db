import type { Random } from "../models/simulation/random.ts";
import { MAX_OUTPUT_TOKENS } from "./behaviour.ts";
import { drawInteger, pick } from "./random.ts";
import type { TokenText } from "./token-text.ts";

/** A long text, where its tokens end and which of them start a sentence; answers are windows of it. */
export interface Prose {
  readonly text: string;
  readonly ends: Uint32Array;
  readonly starts: readonly number[];
}

const SENTENCES = 2_500;
const PARAGRAPH_SENTENCES = 5;
/** Words longer than this are two tokens. */
const LONGEST_TOKEN = 8;

/** Advice as a coach writes it. Plausible, of ordinary word lengths, and different wherever one starts to read. */
export function writeProse(random: Random): Prose {
  const tokens: string[] = [];
  const starts: number[] = [];
  for (let sentence = 0; sentence < SENTENCES; sentence += 1) {
    starts.push(tokens.length);
    const separator = sentence % PARAGRAPH_SENTENCES === 0 ? "\n\n" : " ";
    const words = writeSentence(random).split(" ");
    tokens.push(...words.flatMap((word, index) => cutWord(word, index === 0 ? separator : " ")));
  }
  // Repeated, so that the longest answer that starts in the last sentence need not go round the end.
  const copies = 1 + Math.ceil(MAX_OUTPUT_TOKENS / tokens.length);
  let end = 0;
  const ends = Uint32Array.from({ length: copies * tokens.length }, (_, index) => {
    end += tokens[index % tokens.length]?.length ?? 0;
    return end;
  });
  return { text: tokens.join("").repeat(copies), ends, starts };
}

/** `count` tokens, at most {@link MAX_OUTPUT_TOKENS}, from the start of a sentence on; a complete text ends its sentence. */
export function readProse(prose: Prose, { count, isComplete }: ProseLength, random: Random): TokenText {
  const first = pick(random, prose.starts);
  const ends = prose.ends.subarray(first, first + count);
  // The space before the first word belongs to the sentence before.
  const start = first === 0 ? 0 : (prose.ends[first - 1] ?? 0);
  const base = prose.text.charAt(start) === "\n" ? start + 2 : start + 1;
  const text = prose.text.slice(base, ends.at(-1));
  return { text: isComplete ? `${text.replace(/[.,;]$/, "")}.` : text, ends, base };
}

interface ProseLength {
  readonly count: number;
  readonly isComplete: boolean;
}

function cutWord(word: string, separator: string): string[] {
  if (word.length <= LONGEST_TOKEN) return [separator + word];
  const middle = Math.ceil(word.length / 2);
  return [separator + word.slice(0, middle), word.slice(middle)];
}

function writeSentence(random: Random): string {
  const advice = `${pick(random, VERBS)} ${pick(random, THINGS)} ${pick(random, MANNERS)}`;
  const amount = `${drawInteger(random, 2, 12)} ${pick(random, UNITS)}`;
  const shapes = [
    `${pick(random, OPENINGS)} ${advice}, ${pick(random, REASONS)}.`,
    `${capitalise(advice)} for ${amount}, ${pick(random, REASONS)}.`,
    `${pick(random, OPENINGS)} keep it at ${amount} and ${advice}.`,
    `If it feels too hard, ${advice}; if it feels easy, add ${amount}.`,
  ];
  return pick(random, shapes);
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const OPENINGS = [
  "In the first week,",
  "Before breakfast,",
  "On rest days,",
  "After the warm-up,",
  "Once your form is steady,",
  "When you are short of time,",
  "For most people,",
  "If your goal is endurance,",
  "To build strength,",
  "Towards the end of the session,",
];
const VERBS = ["start", "repeat", "shorten", "alternate", "track", "plan", "finish", "slow down", "combine"];
const THINGS = [
  "the squats and lunges",
  "an easy run",
  "the plank series",
  "your protein at each meal",
  "a brisk walk",
  "the rowing intervals",
  "the shoulder presses",
  "your sleep and resting pulse",
  "the mobility routine",
  "a light stretch for hips and back",
];
const MANNERS = [
  "at a pace at which you can talk",
  "with a straight back",
  "in small steps",
  "before you add any weight",
  "with one day of rest in between",
  "while you breathe evenly",
  "twice a week",
  "without rushing the last repetition",
];
const REASONS = [
  "because recovery is where the progress happens",
  "so that your joints have time to adapt",
  "which keeps the load where it belongs",
  "and write down how it felt",
  "as long as nothing hurts",
  "since consistency matters more than intensity",
  "and drink a glass of water afterwards",
];
const UNITS = ["minutes", "repetitions", "sets", "rounds", "breaths", "weeks"];

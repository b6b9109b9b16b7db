import { drawInteger, pick, type Random } from "./random.ts";

/** A long text in pieces of about one token each, and where its sentences start; answers are windows of it. */
export interface Prose {
  readonly pieces: readonly string[];
  readonly starts: readonly number[];
}

const SENTENCES = 2_500;
const PARAGRAPH_SENTENCES = 5;
/** Words longer than this are two tokens. */
const LONGEST_PIECE = 8;

/** Advice as a coach writes it. Plausible, of ordinary word lengths, and different wherever one starts to read. */
export function writeProse(random: Random): Prose {
  const pieces: string[] = [];
  const starts: number[] = [];
  for (let sentence = 1; sentence <= SENTENCES; sentence += 1) {
    starts.push(pieces.length);
    for (const word of writeSentence(random).split(" ")) pieces.push(...cutWord(word));
    if (sentence % PARAGRAPH_SENTENCES === 0) pieces.push("\n\n");
  }
  return { pieces, starts };
}

/** `count` pieces from the start of a sentence on, round the end if need be. */
export function readProse({ pieces, starts }: Prose, count: number, random: Random): string[] {
  const start = pick(random, starts);
  const read = pieces.slice(start, start + count);
  while (read.length < count) read.push(...pieces.slice(0, count - read.length));
  read[0] = (read[0] ?? "").trimStart();
  return read;
}

/** The same text with a full stop at its end. */
export function endSentence(pieces: readonly string[]): string[] {
  const last = pieces.at(-1) ?? "";
  return [...pieces.slice(0, -1), `${last.replace(/[.,;\s]+$/, "")}.`];
}

function cutWord(word: string): string[] {
  if (word.length <= LONGEST_PIECE) return [` ${word}`];
  const middle = Math.ceil(word.length / 2);
  return [` ${word.slice(0, middle)}`, word.slice(middle)];
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

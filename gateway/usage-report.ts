import type { TokenUsage } from "../models/domain/price.ts";

/** Where a kind of provider reports usage, and how to read it. Of the provider's own form, before anything is mapped. */
export interface UsageForm {
  /** The report in an answer, or in one event of a stream; null: it holds none. */
  find(document: object): object | null;
  /** In disjoint buckets; null: the report makes no sense, and so says nothing. */
  parse(report: object): TokenUsage | null;
}

/** Of a whole answer; null when nothing was reported, or nothing that makes sense. */
export function readUsage(form: UsageForm, answer: unknown): TokenUsage | null {
  const report = typeof answer === "object" && answer !== null ? form.find(answer) : null;
  return report === null ? null : form.parse(report);
}

/**
 * What the events of one stream have reported so far. Some providers report once at the end, some with each event, some in parts: the
 * prompt with the first event and the answer with the last. So a later report takes the place of an earlier one, field by field.
 */
export class UsageTally {
  readonly #form: UsageForm;
  #report: object | null = null;
  #usage: TokenUsage | null = null;
  #isSound = true;

  constructor(form: UsageForm) {
    this.#form = form;
  }

  /** False: the event reports nothing. */
  add(event: object): boolean {
    const report = this.#form.find(event);
    if (report === null) return false;
    this.#report = this.#report === null ? report : merge(this.#report, report);
    const usage = this.#form.parse(this.#report);
    this.#isSound = usage !== null;
    // A report that cannot be read does not undo the one before it.
    this.#usage = usage ?? this.#usage;
    return true;
  }

  /** An event that may report something cannot be read: what was reported before need not be all. */
  lose(): void {
    this.#isSound = false;
  }

  usage(): TokenUsage | null {
    return this.#usage;
  }

  /** The newest report could be read, so that at the end of an answer it is the last word. */
  isSound(): boolean {
    return this.#isSound;
  }
}

function merge(before: object, after: object): object {
  const given = Object.entries(after).filter(([, value]) => value !== null && value !== undefined);
  return { ...before, ...Object.fromEntries(given) };
}

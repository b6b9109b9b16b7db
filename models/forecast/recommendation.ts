/** Advice for a person to take or leave, with the numbers that led to it. Money in nano-dollars. */
export interface Recommendation {
  /** `none`: there is nothing to advise. */
  readonly kind: "budget" | "provider" | "tier" | "none";
  /** What it is about: `daily-budget`, a feature, a tier. */
  readonly subject: string;
  /** One sentence for people. */
  readonly advice: string;
  /** 0 to 1: how likely it is that what the advice rests on comes true. */
  readonly confidence: number;
  /** What it would change in 30 days: above 0 = saved; null = it is not about saving. */
  readonly savedIn30Days: number | null;
  readonly evidence: Readonly<Record<string, number | string | null>>;
}

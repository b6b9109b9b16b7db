import type { Provider } from "../domain/catalog.ts";
import type { RequestEvent } from "../domain/request-event.ts";
import { type Random, seededRandom } from "./random.ts";

/** Shares of answers at the best quality (5), and what each grade below adds. */
const RATES = {
  empty: { best: 0.0005, perGrade: 0.001 },
  refused: { best: 0.004, perGrade: 0.002 },
  filtered: { best: 0.0015, perGrade: 0.0005 },
  invalid_json: { best: 0.002, perGrade: 0.005 },
  askedAgain: { best: 0.012, perGrade: 0.012 },
} as const;
const BEST_QUALITY = 5;
const HEX_DIGITS_OF_SEED = 8;

/** What shows of a complete answer, by the grade of its provider. */
export function drawQuality(
  event: RequestEvent,
  { provider, maxOutputTokens }: { readonly provider: Provider; readonly maxOutputTokens: number },
): void {
  const random = randomOf(event.request_id);
  const happens = (rate: Rate) => random() < shareOf(rate, provider);
  event.cut_off = event.output_tokens + event.reasoning_tokens >= maxOutputTokens;
  event.empty = happens(RATES.empty);
  event.refused = happens(RATES.refused);
  event.filtered = happens(RATES.filtered);
  event.invalid_json = happens(RATES.invalid_json);
}

/** Whether a request is the same person's last one once more, because that provider's answer was not enough. */
export function drawAskedAgain(event: RequestEvent, provider: Provider): boolean {
  return randomOf(event.event_id)() < shareOf(RATES.askedAgain, provider);
}

interface Rate {
  readonly best: number;
  readonly perGrade: number;
}

function shareOf({ best, perGrade }: Rate, { quality }: Provider): number {
  return best + perGrade * (BEST_QUALITY - quality);
}

/** Out of the id, so that these draws leave all others of a seed as they were. */
function randomOf(id: string): Random {
  return seededRandom(Number.parseInt(id.slice(-HEX_DIGITS_OF_SEED), 16));
}

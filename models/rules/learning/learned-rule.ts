import type { Catalog } from "../../domain/catalog.ts";
import type { LearningSettings } from "../../domain/learning.ts";
import { type Rule, rule } from "../../domain/rule.ts";
import type { RoutingContext } from "./routing-cell.ts";

const PREFIX = "learned-routing";
/** What is routed otherwise is looked at for that long, beside as much time before. */
const VERIFY_MINUTES = 60;

/** By which name a context's decisions and directives are kept: features may be too long for a rule's own. */
export function learnedRuleName({ tier, feature }: RoutingContext): string {
  return `${PREFIX} ${tier} ${feature}`.slice(0, 100);
}

export function isLearned(name: string): boolean {
  return name.startsWith(`${PREFIX} `);
}

/** The learned routing of a tier and feature as a rule: it has a mode, an end and guard rails like any other. */
export function learnedRule(
  name: string,
  { mode, certainty, expiresMinutes, maxRatingLoss }: LearningSettings,
): Rule {
  const made = rule.parse({
    name: PREFIX,
    mode,
    when: `gain > ${certainty} * error`,
    then: { action: "notify" },
    cooldownMinutes: 0,
    expiresMinutes,
    verifyMinutes: VERIFY_MINUTES,
    guardRails: { maxSatisfactionLoss: maxRatingLoss },
  });
  return { ...made, name };
}

/** A rule of the catalog, or one that is learned; undefined = there is none of that name. */
export function ruleNamed({ automation }: Pick<Catalog, "automation">, name: string): Rule | undefined {
  if (isLearned(name)) return learnedRule(name, automation.learning);
  return automation.rules.find((one) => one.name === name);
}

import type { Catalog } from "../../domain/catalog.ts";
import { type DirectiveEvent, directiveHistory } from "../../domain/directive.ts";
import { foldControls } from "../../policy/controls.ts";
import { type ControlsByUser, foldByUser } from "../../policy/controls-by-user.ts";
import { changesOf, stopOf } from "../../rules/automation-state.ts";
import { learnedBias } from "../../rules/bias.ts";
import { HOLDS_FOR_ALL, VERIFICATION } from "../../rules/decision-state.ts";
import type { PredictedEffect } from "../../rules/effect.ts";
import { evaluateRules, isActing, type RuleDecision, type RuleState } from "../../rules/evaluate.ts";
import { directiveOnceMore, mayGoOn } from "../../rules/go-on.ts";
import { applyGuardRails } from "../../rules/guard-rails.ts";
import { type IssueIds, issueDirective } from "../../rules/issue-directive.ts";
import { planVerification } from "../../rules/plan-verification.ts";
import { providerFacts } from "../../rules/provider-facts.ts";
import { judgeOutcome, type VerdictOfEffect } from "../../rules/verify.ts";
import { foresee } from "./foresee.ts";
import type { Observer } from "./live-metrics.ts";
import { outcomeOf } from "./past-window.ts";

/** The automation: what the jobs `verify` and `decide` do, with what they would know. */
export interface Autopilot {
  look(nowMs: number): void;
  controlsAt(ms: number): ControlsByUser;
  /** How often each rule has acted, and been rolled back. */
  readonly acts: ReadonlyMap<string, { readonly fired: number; readonly rolledBack: number }>;
}

export interface AutopilotOptions {
  readonly catalog: Catalog;
  readonly observer: Observer;
  readonly ids: (nowMs: number) => IssueIds;
  /** Of the last day's requests the latest ones; a pipeline has a bound, too. */
  readonly maxReplayed: number;
}

/** A directive whose verification is not over. */
interface Pending {
  readonly id: string;
  readonly ruleName: string;
  readonly reason: string;
  readonly predicted: PredictedEffect | null;
}

const DAY_MS = 24 * 3_600_000;
const MAX_REMEMBERED_ERRORS = 20;

export function openAutopilot({ catalog, observer, ids, maxReplayed }: AutopilotOptions): Autopilot {
  const directives = directiveHistory();
  const acts = new Map<string, { fired: number; rolledBack: number }>();
  const rolledBackAtMs = new Map<string, number>();
  const errors = new Map<string, number[]>();
  let states: ReadonlyMap<string, RuleState> = new Map();
  let pending: Pending[] = [];
  let controls: ControlsByUser = foldByUser(catalog, []);

  const apply = (event: DirectiveEvent): void => directives.apply(event);
  const fold = (nowMs: number): void => {
    controls = foldByUser(catalog, directives.active(nowMs));
  };
  const actsOf = (rule: string) => {
    const known = acts.get(rule) ?? { fired: 0, rolledBack: 0 };
    acts.set(rule, known);
    return known;
  };
  const track = (one: Pending): void => {
    pending.push(one);
    actsOf(one.ruleName).fired += 1;
  };

  const decide = (nowMs: number): void => {
    const { mode, rules, maxChangesPerHour } = catalog.automation;
    if (mode === "off" || rules.length === 0 || stopOf(directives, nowMs) !== null) return;
    const active = directives.active(nowMs);
    const round = evaluateRules({
      rules,
      mode,
      metrics: observer.metricsAt(nowMs),
      facts: {
        providers: providerFacts(catalog, observer.providersToday(), nowMs),
        fallbackProvider: catalog.routing.fallbackProvider,
        tiers: catalog.tiers,
      },
      states,
      active,
      changesAtMs: changesOf(directives, nowMs),
      maxChangesPerHour,
      nowMs,
    });
    states = round.states;
    const drained = new Set(foldControls(catalog, active).drained);
    for (const decision of round.decisions) act(decision, { active, drained }, nowMs);
  };

  const act = (
    before: RuleDecision,
    { active, drained }: { active: ReturnType<typeof directives.active>; drained: Set<string> },
    nowMs: number,
  ): void => {
    if (!isActing(before.outcome)) return;
    const { instruction } = before.outcome;
    const { name } = before.rule;
    if (instruction === null) {
      actsOf(name).fired += 1;
      return;
    }
    const past = observer.past.between(nowMs - DAY_MS, nowMs).slice(-maxReplayed);
    const costBias = learnedBias(errors.get(name) ?? []);
    const predicted = foresee({ instruction, catalog, active, past, costBias }, ids(nowMs), nowMs);
    const rails = { catalog, drained, predicted, rolledBackAtMs: rolledBackAtMs.get(name) ?? null, nowMs };
    const { directive, reason } = issueDirective(applyGuardRails(before, rails), ids(nowMs), nowMs);
    if (directive === null) return;
    if (directive.kind === "provider" && directive.params.action === "drain")
      drained.add(directive.params.provider);
    apply({ type: "issued", directive });
    track({ id: directive.id, ruleName: name, reason, predicted });
  };

  const verify = (nowMs: number): void => {
    const waiting = pending;
    pending = [];
    for (const one of waiting) {
      const found = judge(one, nowMs);
      if (found === null || found.verdict === "undecided") pending.push(one);
      else conclude(one, found, nowMs);
    }
  };

  const judge = ({ id, ruleName, predicted }: Pending, nowMs: number): VerdictOfEffect | null => {
    const record = directives.get(id);
    if (record === undefined) return null;
    const rule = catalog.automation.rules.find(({ name }) => name === ruleName);
    const plan = planVerification(record, { rule, tiers: catalog.tiers }, nowMs);
    const { before, after, share, tier, purpose, isOver, endsSoon } = plan;
    const spans = [before, after].map(({ fromMs, untilMs }) => observer.past.between(fromMs, untilMs));
    const [then = [], now = []] = spans;
    const outcome = (tried: boolean) => ({
      before: outcomeOf(then, { share, tried, tier }),
      after: outcomeOf(now, { share, tried, tier }),
    });
    const control = share < 1 ? outcome(false) : null;
    return judgeOutcome({ ...outcome(true), control, predicted, purpose, isOver, endsSoon });
  };

  const conclude = (one: Pending, { verdict, measured, harms }: VerdictOfEffect, nowMs: number): void => {
    const record = directives.get(one.id);
    if (record === undefined) return;
    const { directive } = record;
    if (measured.costBias !== null && verdict !== "inconclusive") {
      const known = errors.get(one.ruleName) ?? [];
      errors.set(one.ruleName, [...known, measured.costBias].slice(-MAX_REMEMBERED_ERRORS));
    }
    const goingOn = { directive, ruleName: one.ruleName, reason: one.reason, verdict };
    const goesOn = verdict === "extended" || verdict === "widened";
    if (goesOn && mayGoOn(catalog, directives, goingOn, nowMs)) {
      const next = directiveOnceMore(goingOn, ids(nowMs), nowMs);
      apply({ type: "issued", directive: next });
      track({ ...one, id: next.id, reason: next.reason });
      if (verdict === "widened") revoke(one.id, HOLDS_FOR_ALL, nowMs);
    }
    if (verdict !== "rolled-back") return;
    rolledBackAtMs.set(one.ruleName, nowMs);
    actsOf(one.ruleName).rolledBack += 1;
    revoke(one.id, `rolled back: ${harms.join(", ")}`, nowMs);
  };

  const revoke = (id: string, reason: string, nowMs: number): void => {
    const record = directives.get(id);
    if (record !== undefined)
      apply({ type: "revoked", id: record.directive.id, by: VERIFICATION, reason, ts: nowMs });
  };

  return {
    acts,
    look(nowMs) {
      verify(nowMs);
      decide(nowMs);
      directives.forgetEndedBefore(nowMs - 2 * DAY_MS);
      fold(nowMs);
    },
    controlsAt(ms) {
      if (controls.nextExpiryMs !== null && ms >= controls.nextExpiryMs) fold(ms);
      return controls;
    },
  };
}

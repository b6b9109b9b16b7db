import type { Recommendation } from "./recommendation.ts";

/** A tier over the last 30 days. Nano-dollars. */
export interface TierMonth {
  readonly tier: string;
  readonly activeUsers: number;
  readonly revenue: number;
  readonly cost: number;
  /** Active users whom a limit of their tier has refused at least once. */
  readonly limitedUsers: number;
}

export interface TierTargets {
  /** Revenue - cost, as a share of revenue. */
  readonly margin: number;
  /** A higher share of limited users is too many. */
  readonly limitedShare: number;
}

export const TIER_TARGETS: TierTargets = { margin: 0.7, limitedShare: 0.2 };
/** Fewer users say nothing about a tier. */
const MIN_USERS = 10;
/** How sure it is that a share seen among so many users is that of all. */
const sureness = (users: number): number => users / (users + MIN_USERS);

/** Tiers that cost too much for what they bring, and limits that bind too many. */
export function recommendTiers(
  tiers: readonly TierMonth[],
  targets: TierTargets = TIER_TARGETS,
): Recommendation[] {
  return tiers
    .filter(({ activeUsers }) => activeUsers >= MIN_USERS)
    .flatMap((tier) => [...belowMargin(tier, targets), ...tooTight(tier, targets)]);
}

function belowMargin(
  { tier, activeUsers, revenue, cost }: TierMonth,
  { margin }: TierTargets,
): Recommendation[] {
  if (revenue <= 0 || (revenue - cost) / revenue >= margin) return [];
  const allowed = revenue * (1 - margin);
  const perUser = cost / activeUsers;
  return [
    {
      kind: "tier",
      subject: tier,
      advice: `Tier ${tier} keeps less than ${Math.round(margin * 100)} % of what it brings: lower its budgets, route it to cheaper providers, or raise its price.`,
      confidence: sureness(activeUsers),
      savedIn30Days: Math.round(cost - allowed),
      evidence: {
        activeUsers,
        revenue,
        cost,
        costPerUser: Math.round(perUser),
        margin: (revenue - cost) / revenue,
      },
    },
  ];
}

function tooTight(
  { tier, activeUsers, limitedUsers }: TierMonth,
  { limitedShare }: TierTargets,
): Recommendation[] {
  const share = limitedUsers / activeUsers;
  if (share <= limitedShare) return [];
  return [
    {
      kind: "tier",
      subject: tier,
      advice: `The limits of tier ${tier} have refused ${Math.round(share * 100)} % of its active users: raise them, or offer the next tier at that moment.`,
      confidence: sureness(activeUsers),
      savedIn30Days: null,
      evidence: { activeUsers, limitedUsers, limitedShare: share },
    },
  ];
}

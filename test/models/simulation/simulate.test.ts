import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { feedbackEvent } from "../../../models/domain/feedback-event.ts";
import { requestEvent } from "../../../models/domain/request-event.ts";
import { userEvent } from "../../../models/domain/user-event.ts";
import { INCIDENT_KINDS, type IncidentKind } from "../../../models/simulation/incident.ts";
import { beginLife, type SimulatedDay, simulate } from "../../../models/simulation/simulate.ts";
import { testCatalog } from "../../pipeline/test-catalog.ts";

const catalog = testCatalog();

function live({
  seed = 1,
  users = 40,
  days = 40,
  startDay = "2026-03-01",
  timezone = "UTC",
}): SimulatedDay[] {
  const lived: SimulatedDay[] = [];
  for (const day of simulate({ seed, users, days, startDay, catalog: { ...catalog, timezone } })) {
    if (lived.push(day) === days) break;
  }
  return lived;
}

function failures({ requests }: SimulatedDay, subject: string): number {
  return requests
    .flatMap(({ attempts }) => attempts)
    .filter(({ provider, outcome }) => provider === subject && outcome !== "ok" && outcome !== "aborted")
    .length;
}

/** The life up to the morning of the first incident of the kind that anything shows of. */
function morningOf(kind: IncidentKind) {
  const life = beginLife({ seed: 1, users: 150, days: 240, startDay: "2026-03-01", catalog });
  for (;;) {
    const morning = life.fork({ luck: 0 });
    const day = life.nextDay();
    const incident = day.incidents.find((one) => one.kind === kind);
    if (incident !== undefined && (kind !== "outage" || failures(day, incident.subject) > 3))
      return { life, morning, day, incident };
  }
}

describe("a life that is lived once more", () => {
  it("is the same with the same luck, whatever its forks have done", () => {
    const { life, morning, day } = morningOf("outage");
    for (const luck of [1, 2]) morning.fork({ luck }).nextDay();
    expect(morning.fork({ luck: 0 }).nextDay()).toEqual(day);
    expect(morning.nextDay()).toEqual(day);
    expect(morning.nextDay()).toEqual(life.nextDay());
    expect(morning.fork({ luck: 1 }).nextDay().requests).not.toEqual(morning.nextDay().requests);
  });

  it("without an outage, the provider answers; all else that was to happen does", () => {
    const { morning, day, incident } = morningOf("outage");
    const without = morning.fork({ luck: 0, without: incident }).nextDay();
    expect(failures(day, incident.subject)).toBeGreaterThan(3 * failures(without, incident.subject));
    expect(without.incidents).toEqual(day.incidents.filter((one) => one.kind !== "outage"));
  });

  it("without a campaign, fewer users sign up", () => {
    const { morning, day, incident } = morningOf("campaign");
    const without = morning.fork({ luck: 0, without: incident }).nextDay();
    expect(without.truth.newUsers).toBeLessThan(day.truth.newUsers);
    expect(without.requests.length).toBeLessThan(day.requests.length);
  });
});

describe("a simulation", () => {
  it("makes equal events from equal options, and others from another seed", () => {
    expect(live({ seed: 7 })).toEqual(live({ seed: 7 }));
    expect(live({ seed: 8 })[0]?.requests).not.toEqual(live({ seed: 7 })[0]?.requests);
  });

  it("makes the very events that a gateway records, marked as simulated, in order and on their day", () => {
    for (const { requests, users, feedback, startMs, endMs } of live({ timezone: "Europe/Berlin" })) {
      for (const event of requests) expect(requestEvent.parse(event)).toEqual(event);
      for (const event of users) expect(userEvent.parse(event)).toEqual(event);
      for (const event of feedback) expect(feedbackEvent.parse(event)).toEqual(event);
      for (const events of [requests, users, feedback]) {
        const times = events.map(({ ts }) => ts);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(times.every((ts) => ts >= startMs && ts < endMs)).toBe(true);
      }
      expect(requests.every(({ source }) => source === "simulated")).toBe(true);
    }
  });

  it("gives every event an id of its own", () => {
    const ids = live({ users: 200, days: 30 }).flatMap(({ requests, users, feedback }) =>
      [...requests, ...users, ...feedback].map(({ event_id }) => event_id),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("signs up exactly as many users as it was asked for", () => {
    const options = fc.record({
      seed: fc.nat(1000),
      users: fc.integer({ min: 1, max: 60 }),
      days: fc.integer({ min: 1, max: 25 }),
    });
    fc.assert(
      fc.property(options, (given) => {
        const days = live(given);
        expect(days.at(-1)?.truth.totalUsers).toBe(given.users);
        expect(days.reduce((sum, { truth }) => sum + truth.newUsers, 0)).toBe(given.users);
      }),
      { numRuns: 25 },
    );
  });

  it("a user's first request comes after the event by which the user is known", () => {
    const days = live({ users: 80 });
    const known = new Map<string, number>();
    for (const { users, requests } of days) {
      for (const { user_id, ts } of users) if (!known.has(user_id)) known.set(user_id, ts);
      for (const { user_id, ts } of requests)
        expect(known.get(user_id) ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(ts);
    }
  });

  it("keeps the limits of the tiers: no user has more admitted requests a day than the tier gives", () => {
    for (const { requests } of live({ users: 150, days: 20 })) {
      const admitted = new Map<string, number>();
      for (const { user_id, tier, outcome } of requests) {
        if (outcome === "denied") continue;
        const key = `${user_id} ${tier}`;
        admitted.set(key, (admitted.get(key) ?? 0) + 1);
      }
      for (const [key, count] of admitted) {
        expect(count).toBeLessThanOrEqual(catalog.tiers.get(key.split(" ")[1] ?? "")?.dailyRequests ?? 0);
      }
    }
  });

  it("labels what is out of the ordinary, and it is: an outage fails calls, long prompts cost more", () => {
    const days = live({ users: 150, days: 240 });
    const incidents = days.flatMap((day) => day.incidents);
    expect(new Set(incidents.map(({ kind }) => kind))).toEqual(new Set(INCIDENT_KINDS));
    const requests = days.flatMap((day) => day.requests);
    const during = (kind: string, subject?: string) =>
      incidents
        .filter(
          (incident) => incident.kind === kind && (subject === undefined || incident.subject === subject),
        )
        .flatMap(({ fromMs, toMs }) => requests.filter(({ ts }) => ts >= fromMs && ts < toMs));
    for (const subject of new Set(
      incidents.filter(({ kind }) => kind === "outage").map((incident) => incident.subject),
    )) {
      const calls = during("outage", subject).flatMap(({ attempts }) =>
        attempts.filter(({ provider }) => provider === subject),
      );
      expect(calls.filter(({ outcome }) => outcome === "ok").length).toBeLessThanOrEqual(0.2 * calls.length);
    }
    const prompt = (of: typeof requests) => {
      const called = of.filter(({ outcome }) => outcome === "ok");
      return (
        called.reduce(
          (sum, { input_tokens, cached_input_tokens }) => sum + input_tokens + cached_input_tokens,
          0,
        ) / called.length
      );
    };
    expect(prompt(during("cost-spike"))).toBeGreaterThan(5 * prompt(requests));
  });
});

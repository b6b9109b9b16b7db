import type { SimulatedDay } from "../../models/simulation/simulate.ts";

type Events = Pick<SimulatedDay, "requests" | "users" | "feedback">;

/** The events of a day with `fromMs <= ts < toMs`: the future has not happened yet. */
export function eventsBetween({ requests, users, feedback }: Events, fromMs: number, toMs: number): Events {
  const within = ({ ts }: { readonly ts: number }): boolean => ts >= fromMs && ts < toMs;
  return {
    requests: requests.filter(within),
    users: users.filter(within),
    feedback: feedback.filter(within),
  };
}

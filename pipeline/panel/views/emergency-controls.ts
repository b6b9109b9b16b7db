/** The four controls for a bad hour, as people read them. `confirm` has to be typed before one is pressed. */
export interface EmergencyControl {
  readonly path: string;
  readonly title: string;
  readonly confirm: string;
  readonly effect: string;
  readonly button: string;
  readonly fields: readonly ControlField[];
}

export interface ControlField {
  readonly name: string;
  readonly label: string;
  readonly kind: "number" | "scope";
  readonly start: string;
}

export const EMERGENCY_CONTROLS: readonly EmergencyControl[] = [
  {
    path: "pause-non-premium",
    title: "Pause non-premium",
    confirm: "pause",
    effect: "Requests of tiers that do not pay are refused with 429.",
    button: "Pause non-premium",
    fields: [],
  },
  {
    path: "fallback-mode",
    title: "Fallback mode",
    confirm: "fallback",
    effect: "Every request goes to one cheap provider of its tier:",
    button: "Switch to fallback",
    fields: [],
  },
  {
    path: "emergency-budget",
    title: "Emergency budget",
    confirm: "budget",
    effect: "All users together may spend no more than this a day; what is spent already counts.",
    button: "Set the budget",
    fields: [{ name: "dailyUsd", label: "Dollars a day", kind: "number", start: "50" }],
  },
  {
    path: "rate-limit",
    title: "Rate limit",
    confirm: "limit",
    effect: "Requests above this are refused with 429.",
    button: "Limit the rate",
    fields: [
      { name: "requestsPerMinute", label: "Requests a minute", kind: "number", start: "60" },
      { name: "scope", label: "Of", kind: "scope", start: "global" },
    ],
  },
];

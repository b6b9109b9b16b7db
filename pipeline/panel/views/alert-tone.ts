import type { Tone } from "../parts/badge.tsx";

export function toneOf(severity: string): Tone {
  if (severity === "critical") return "critical";
  return severity === "warning" ? "warning" : "neutral";
}

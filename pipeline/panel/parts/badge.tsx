import type { ComponentChildren } from "preact";

export type Tone = "good" | "warning" | "critical" | "neutral";

const ICONS: Record<Tone, string> = { good: "✓", warning: "▲", critical: "●", neutral: "○" };

/** Never by colour alone: an icon and a word say the same. */
export function Badge({
  tone,
  children,
  title,
}: {
  tone: Tone;
  children: ComponentChildren;
  title?: string;
}) {
  return (
    <span class={`badge ${tone}`} {...(title === undefined ? {} : { title })}>
      <span aria-hidden="true">{ICONS[tone]}</span> {children}
    </span>
  );
}

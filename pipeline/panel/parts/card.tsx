import type { ComponentChildren } from "preact";

export type Span = 3 | 4 | 5 | 6 | 7 | 8 | 12;

interface CardProps {
  readonly title: string;
  readonly children: ComponentChildren;
  /** Of twelve columns; on a phone always all. */
  readonly span?: Span;
  /** Beside the title. */
  readonly aside?: ComponentChildren;
}

export function Card({ title, children, span = 12, aside }: CardProps) {
  const id = `card-${title.toLowerCase().replace(/\W+/g, "-")}`;
  return (
    <section class={`card span-${span}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

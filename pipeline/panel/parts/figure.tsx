import type { ComponentChildren } from "preact";
import { UNKNOWN } from "../format.ts";
import { Sparkline } from "./sparkline.tsx";

export interface FigureProps {
  /** Of its number in the page: `data-value`. */
  readonly name: string;
  readonly title: string;
  readonly value: string;
  readonly hint: ComponentChildren;
  /** Its near past, oldest first; absent: the figure stands alone. */
  readonly line?: readonly (number | null)[];
  /** What the line shows: `the last hour by minute`. */
  readonly lineOf?: string;
}

/** A number with its name, what it rests on, and where it comes from. */
export function Figure({ name, title, value, hint, line, lineOf = "" }: FigureProps) {
  return (
    <li class={`figure ${line === undefined ? "figure-plain" : ""}`}>
      <span class="figure-title">{title}</span>
      <strong data-value={name} class={value === UNKNOWN ? "unknown" : ""}>
        {value}
      </strong>
      {line !== undefined && <Sparkline values={line} label={`${title}, ${lineOf}`} />}
      <span class="hint">{hint}</span>
    </li>
  );
}

import { UNKNOWN } from "../format.ts";

/** A formatted number; one that is not known stands back, and says why in its tooltip. */
export function Known({ text, why }: { text: string; why: string }) {
  return text === UNKNOWN ? (
    <span class="unknown" title={why}>
      {UNKNOWN}
    </span>
  ) : (
    <span>{text}</span>
  );
}

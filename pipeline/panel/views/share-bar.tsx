import { percent } from "../format.ts";

interface Part {
  readonly name: string;
  readonly share: number | null;
  /** A token of the style sheet. */
  readonly colour: string;
}

const PERCENT = 100;

/** Who has how much of the whole, with the names beside it. */
export function ShareBar({ parts, isKnown }: { parts: readonly Part[]; isKnown: boolean }) {
  const known = parts.filter(({ share }) => share !== null && share > 0);
  if (known.length === 0)
    return <p class="empty">{isKnown ? "No calls in this period." : "The shares are unknown."}</p>;
  const words = known.map(({ name, share }) => `${name} ${percent(share)}`).join(", ");
  return (
    <>
      <div class="share-bar" role="img" aria-label={words}>
        {known.map(({ name, share, colour }) => (
          <div
            key={name}
            title={`${name} ${percent(share)}`}
            style={{ width: `${(share ?? 0) * PERCENT}%`, background: `var(${colour})` }}
          />
        ))}
      </div>
      <ul class="legend below">
        {known.map(({ name, share, colour }) => (
          <li key={name}>
            <span class="swatch bars" style={{ color: `var(${colour})` }} />
            {name} {percent(share)}
          </li>
        ))}
      </ul>
    </>
  );
}

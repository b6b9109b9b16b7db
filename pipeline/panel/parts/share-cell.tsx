import { percent } from "../format.ts";

const PERCENT = 100;

/** A share from 0 to 1 as a short bar and a number, for tables. */
export function ShareCell({ share }: { share: number }) {
  return (
    <span class="share-cell">
      <span class="share-track" aria-hidden="true">
        <span style={{ width: `${Math.min(1, Math.max(0, share)) * PERCENT}%` }} />
      </span>
      {percent(share)}
    </span>
  );
}

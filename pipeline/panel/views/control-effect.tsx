import { useEffect, useState } from "preact/hooks";
import { type WhatIf, whatif } from "../data/shapes/steer.ts";
import { useApi } from "../data/use-resource.ts";
import { count, percent, usd } from "../format.ts";

/** A number that is being typed is not asked for digit by digit. */
const PAUSE_MS = 400;
/** The last day changes slowly, and each answer costs the pipeline a replay. */
const REFRESH_MS = 120_000;
const LOW_CONFIDENCE = 0.5;

type Asked =
  | { readonly state: "asking" }
  | { readonly state: "told"; readonly answer: WhatIf }
  | { readonly state: "failed"; readonly message: string };

interface Instruction {
  readonly kind: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** What the last day would have been like with the control in force: whom it would have hurt, and what it would have saved. */
export function ControlEffect({ instruction }: { instruction: Instruction }) {
  const asked = useWhatIf(instruction);
  return (
    <div class="effect" data-effect={asked.state}>
      <h3>What it would do</h3>
      {asked.state === "asking" && <p class="hint">Replaying the last day…</p>}
      {asked.state === "failed" && <p>Not known: {asked.message}.</p>}
      {asked.state === "told" && <Told {...asked.answer} />}
    </div>
  );
}

function useWhatIf(instruction: Instruction): Asked {
  const api = useApi();
  const [asked, setAsked] = useState<Asked>({ state: "asking" });
  const body = JSON.stringify(instruction);
  useEffect(() => {
    let isGone = false;
    let timer = 0;
    const ask = async (): Promise<void> => {
      const next: Asked = await api.ask("/api/whatif", JSON.parse(body), whatif).then(
        (answer) => ({ state: "told", answer }),
        (error: unknown) => ({
          state: "failed",
          message: error instanceof Error ? error.message : String(error),
        }),
      );
      if (isGone) return;
      setAsked(next);
      timer = window.setTimeout(ask, REFRESH_MS);
    };
    timer = window.setTimeout(ask, PAUSE_MS);
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [api, body]);
  return asked;
}

function Told({ hours, effect }: WhatIf) {
  const span = `${count(hours)} hours`;
  if (effect === null) return <p>Nothing to replay: there were no requests in the last {span}.</p>;
  const { requests, users, usersAffected, newlyDenied, premiumDeniedShare, cost, confidence } = effect;
  return (
    <>
      <p>
        <strong data-effect-users>{count(usersAffected)}</strong> of {count(users)} users of the last {span}{" "}
        would have been served otherwise.
      </p>
      <p>
        {count(newlyDenied)} of {count(requests)} requests would have been refused
        {newlyDenied > 0 && `, ${percent(premiumDeniedShare)} of those of paying users`}.
      </p>
      <p>
        Cost: {usd(cost.after)} instead of {usd(cost.before)}
        {cost.changeShare !== null && ` (${signed(cost.changeShare)})`}.
      </p>
      {confidence < LOW_CONFIDENCE && (
        <p class="hint">A rough guess: it rests on little ({percent(confidence)} confidence).</p>
      )}
    </>
  );
}

function signed(share: number): string {
  return share > 0 ? `+${percent(share)}` : percent(share);
}

import { useState } from "preact/hooks";
import type { AutomationState } from "../data/shapes/automation.ts";
import { useApi } from "../data/use-resource.ts";
import { ActionError, useAction } from "../parts/action.tsx";
import { Badge, type Tone } from "../parts/badge.tsx";
import { DurationField } from "../parts/durations.tsx";
import { Countdown } from "../parts/when.tsx";

const MODES: Readonly<
  Record<string, { readonly tone: Tone; readonly name: string; readonly means: string }>
> = {
  act: { tone: "good", name: "acts", means: "Rules issue directives by themselves." },
  approve: { tone: "warning", name: "asks first", means: "A directive waits until somebody approves it." },
  observe: { tone: "warning", name: "observes", means: "Decisions are written down; nothing is done." },
  off: { tone: "neutral", name: "off", means: "No rule is looked at." },
};

interface SwitchProps {
  readonly state: AutomationState;
  readonly onChange: () => void;
}

/** The mode, and the switch that stops everything at once. */
export function AutomationSwitch({ state, onChange }: SwitchProps) {
  const { mode, stopped, changesLastHour, maxChangesPerHour } = state;
  const known = MODES[mode];
  return (
    <>
      <p>
        {stopped === null ? (
          <Badge tone={known?.tone ?? "neutral"}>{known?.name ?? mode}</Badge>
        ) : (
          <Badge tone="critical">stopped</Badge>
        )}{" "}
        {stopped === null ? known?.means : `Stopped by ${stopped.issuedBy.name}: ${stopped.reason}.`}{" "}
        {changesLastHour} of at most {maxChangesPerHour} changes in the last hour.
      </p>
      {stopped === null ? (
        mode !== "off" && (
          <details>
            <summary>Stop it…</summary>
            <StopForm onChange={onChange} />
          </details>
        )
      ) : (
        <GoOn until={stopped.expiresAt} onChange={onChange} />
      )}
    </>
  );
}

const DAY_MINUTES = 1_440;

function StopForm({ onChange }: { onChange: () => void }) {
  const api = useApi();
  const action = useAction();
  const [reason, setReason] = useState("");
  const [minutes, setMinutes] = useState(DAY_MINUTES);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const body = { reason: reason.trim(), minutes };
    if (await action.run(() => api.change("PUT", "/api/automation/stop", body))) setReason("");
    onChange();
  };
  return (
    <form class="fields" onSubmit={submit} aria-label="Stop the automation">
      <label htmlFor="stop-reason">
        Reason
        <input
          id="stop-reason"
          value={reason}
          maxLength={500}
          required
          placeholder="Why the rules should rest"
          onInput={({ currentTarget }) => setReason(currentTarget.value)}
        />
      </label>
      <DurationField id="stop-minutes" minutes={minutes} onChange={setMinutes} />
      <button
        type="submit"
        class="danger"
        disabled={reason.trim() === "" || action.isRunning || !action.isAllowed}
      >
        Stop, and take back what the rules have in force
      </button>
      <ActionError action={action} />
    </form>
  );
}

function GoOn({ until, onChange }: { until: number; onChange: () => void }) {
  const api = useApi();
  const action = useAction();
  const goOn = async (): Promise<void> => {
    await action.run(() => api.change("DELETE", "/api/automation/stop"));
    onChange();
  };
  return (
    <p class="buttons">
      <button type="button" disabled={action.isRunning || !action.isAllowed} onClick={goOn}>
        Let it act again
      </button>
      <span class="hint">
        By itself: <Countdown until={until} />
      </span>
      <ActionError action={action} />
    </p>
  );
}

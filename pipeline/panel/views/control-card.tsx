import { useState } from "preact/hooks";
import { catalog } from "../data/shapes/metrics.ts";
import type { ShownDirective } from "../data/shapes/steer.ts";
import { useApi, useResource } from "../data/use-resource.ts";
import { ActionError, useAction } from "../parts/action.tsx";
import { Badge } from "../parts/badge.tsx";
import { Card } from "../parts/card.tsx";
import { DurationField } from "../parts/durations.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { Countdown } from "../parts/when.tsx";
import { ControlEffect } from "./control-effect.tsx";
import { nameOfKind } from "./directive-names.ts";
import type { ControlField, EmergencyControl } from "./emergency-controls.ts";

interface ControlCardProps {
  readonly control: EmergencyControl;
  readonly active: readonly ShownDirective[];
  readonly onChange: () => void;
}

/** Says what will happen, asks why and for how long, wants a word typed; then counts down, and ends with one press. */
export function ControlCard({ control, active, onChange }: ControlCardProps) {
  const { title, effect } = control;
  const badge =
    active.length > 0 ? <Badge tone="warning">In force</Badge> : <Badge tone="neutral">Off</Badge>;
  return (
    <Card title={title} span={6} aside={badge}>
      <div data-control={control.path}>
        <p>{effect}</p>
        {control.path === "fallback-mode" && <FallbackByTier />}
        <ActiveControl control={control} active={active} onChange={onChange} />
        <ControlForm control={control} isActive={active.length > 0} onChange={onChange} />
      </div>
    </Card>
  );
}

const CATALOG_EVERY_MS = 30_000;

function FallbackByTier() {
  const known = useResource("/api/catalog", catalog, CATALOG_EVERY_MS);
  return (
    <Loaded from={known}>
      {({ tiers }) => (
        <ul class="plain" aria-label="Fallback by tier">
          {tiers.map(({ name, fallbackProvider }) => (
            <li key={name}>
              <strong>{name}</strong>:{" "}
              {fallbackProvider === null
                ? "refused, no provider can serve it"
                : `answered by ${fallbackProvider}`}
            </li>
          ))}
        </ul>
      )}
    </Loaded>
  );
}

function ActiveControl({ control, active, onChange }: ControlCardProps) {
  const api = useApi();
  const action = useAction();
  if (active.length === 0) return null;
  const end = async (): Promise<void> => {
    await action.run(() => api.change("DELETE", `/api/emergency/${control.path}`));
    onChange();
  };
  return (
    <div class="in-force">
      <ul class="plain">
        {active.map((one) => (
          <li key={one.id}>
            <strong>{nameOfKind(one)}</strong>: {one.reason} ({one.issuedBy.name}){" "}
            <Countdown until={one.expiresAt} />
          </li>
        ))}
      </ul>
      <button type="button" onClick={end} disabled={action.isRunning || !action.isAllowed}>
        End {control.title.toLowerCase()} now
      </button>
      <ActionError action={action} />
    </div>
  );
}

function ControlForm({
  control,
  isActive,
  onChange,
}: {
  control: EmergencyControl;
  isActive: boolean;
  onChange: () => void;
}) {
  const api = useApi();
  const action = useAction();
  const [reason, setReason] = useState("");
  const [minutes, setMinutes] = useState(30);
  const [typed, setTyped] = useState("");
  const [values, setValues] = useState(() =>
    Object.fromEntries(control.fields.map(({ name, start }) => [name, start])),
  );
  const isReady = reason.trim() !== "" && typed.trim().toLowerCase() === control.confirm;
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const body = { reason: reason.trim(), minutes, ...bodyOf(control.fields, values) };
    if (await action.run(() => api.change("PUT", `/api/emergency/${control.path}`, body))) {
      setTyped("");
      setReason("");
    }
    onChange();
  };
  const id = (name: string): string => `${control.path}-${name}`;
  return (
    <form class="fields" onSubmit={submit} aria-label={control.title}>
      <div class="wide">
        <ControlEffect instruction={{ kind: control.path, params: bodyOf(control.fields, values) }} />
      </div>
      {control.fields.map((field) => (
        <ExtraField
          key={field.name}
          id={id(field.name)}
          field={field}
          value={values[field.name] ?? ""}
          onChange={(value) => setValues({ ...values, [field.name]: value })}
        />
      ))}
      <label htmlFor={id("reason")} class="wide">
        Reason
        <input
          id={id("reason")}
          value={reason}
          maxLength={500}
          required
          placeholder="For whoever looks at this later"
          onInput={({ currentTarget }) => setReason(currentTarget.value)}
        />
      </label>
      <DurationField id={id("minutes")} minutes={minutes} onChange={setMinutes} />
      <label htmlFor={id("confirm")}>
        Type “{control.confirm}” to confirm
        <input
          id={id("confirm")}
          value={typed}
          autoComplete="off"
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        />
      </label>
      <button type="submit" class="danger" disabled={!isReady || action.isRunning || !action.isAllowed}>
        {isActive ? "Replace it" : control.button}
      </button>
      <ActionError action={action} />
    </form>
  );
}

function ExtraField({
  id,
  field,
  value,
  onChange,
}: {
  id: string;
  field: ControlField;
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <label htmlFor={id}>
      {field.label}
      {field.kind === "scope" ? (
        <select id={id} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
          <option value="global">all users</option>
          <option value="user">each user</option>
        </select>
      ) : (
        <input
          id={id}
          type="number"
          min={0}
          step="any"
          required
          value={value}
          onInput={({ currentTarget }) => onChange(currentTarget.value)}
        />
      )}
    </label>
  );
}

function bodyOf(fields: readonly ControlField[], values: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    fields.map(({ name, kind }) => [name, kind === "number" ? Number(values[name]) : values[name]]),
  );
}

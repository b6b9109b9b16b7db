const MINUTES = [
  [15, "15 minutes"],
  [30, "30 minutes"],
  [60, "1 hour"],
  [240, "4 hours"],
  [1440, "1 day"],
] as const;

/** For how long: everything that is set here ends by itself. */
export function DurationField({
  id,
  minutes,
  onChange,
}: {
  id: string;
  minutes: number;
  onChange: (minutes: number) => void;
}) {
  return (
    <label htmlFor={id}>
      For
      <select id={id} value={minutes} onChange={({ currentTarget }) => onChange(Number(currentTarget.value))}>
        {MINUTES.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

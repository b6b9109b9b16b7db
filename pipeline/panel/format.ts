/** Numbers as people read them. What is not known (null) is said so, and never shown as 0. */
export const UNKNOWN = "unknown";

/** Below, one digit after the point would be a zero. */
const SMALLEST_SHARE = 0.0005;

type Maybe = number | null | undefined;

/** `$1,234`, `$12.34`, `<$0.01`. */
export function usd(value: Maybe): string {
  return orUnknown(value, (known) => {
    const size = Math.abs(known);
    if (size > 0 && size < 0.01) return known < 0 ? ">-$0.01" : "<$0.01";
    return dollars(known, size >= 1_000 ? 0 : 2);
  });
}

/** What a single request costs, to two figures: `$0.00042`. */
export function usdFine(value: Maybe): string {
  return orUnknown(value, (known) => {
    if (known === 0 || Math.abs(known) >= 0.1) return usd(known);
    const digits = Math.min(9, 1 - Math.floor(Math.log10(Math.abs(known))));
    return dollars(known, digits);
  });
}

/** `950`, `12.3k`, `4.56M`. */
export function count(value: Maybe): string {
  return orUnknown(value, (known) => {
    if (Math.abs(known) < 10_000) return known.toLocaleString("en-US", { maximumFractionDigits: 0 });
    return known < 1_000_000 ? `${(known / 1_000).toFixed(1)}k` : `${(known / 1_000_000).toFixed(2)}M`;
  });
}

/** `87 ms`, `1.4 s`. */
export function milliseconds(value: Maybe): string {
  return orUnknown(value, (known) =>
    known < 1_000 ? `${Math.round(known)} ms` : `${(known / 1_000).toFixed(1)} s`,
  );
}

/** A share as `99.5 %`, `<0.1 %`. */
export function percent(share: Maybe): string {
  return orUnknown(share, (known) =>
    known > 0 && known < SMALLEST_SHARE ? "<0.1 %" : `${trimmed(known * 100)} %`,
  );
}

/** A change with its sign: `+12 %`. */
export function change(now: Maybe, before: Maybe): string {
  if (now === null || now === undefined || before === null || before === undefined || before === 0)
    return UNKNOWN;
  const share = Math.round((now / before - 1) * 100);
  return `${share > 0 ? "+" : ""}${share} %`;
}

/** A share with its sign: `+3.2 %`. */
export function signedPercent(share: Maybe): string {
  return orUnknown(share, (known) => `${known > 0 ? "+" : ""}${trimmed(known * 100)} %`);
}

/** A rating or ratio: `4.21`. */
export function decimal(value: Maybe): string {
  return orUnknown(value, (known) => known.toFixed(2));
}

/** How long: `3 min 05 s`, `2 h 10 min`, `4 d 3 h`. */
export function duration(ms: Maybe): string {
  return orUnknown(ms, (known) => {
    const seconds = Math.max(0, Math.round(known / 1_000));
    const [minutes, hours, days] = [60, 3_600, 86_400].map((unit) => Math.floor(seconds / unit));
    if (days) return `${days} d ${(hours ?? 0) % 24} h`;
    if (hours) return `${hours} h ${(minutes ?? 0) % 60} min`;
    if (minutes) return `${minutes} min ${String(seconds % 60).padStart(2, "0")} s`;
    return `${seconds} s`;
  });
}

/** `5 min ago`; the moment itself belongs beside it, into a tooltip. */
export function ago(at: Maybe, nowMs: number): string {
  return orUnknown(at, (known) => {
    const [first = "", unit = ""] = duration(nowMs - known).split(" ");
    return nowMs - known < 1_500 ? "just now" : `${first} ${unit} ago`;
  });
}

/** A moment on this screen's clock, with its zone. */
export function moment(at: Maybe): string {
  return orUnknown(at, (known) =>
    new Date(known).toLocaleString("en-GB", {
      year: "numeric",
      month: "short",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      timeZoneName: "short",
    }),
  );
}

/** `2026-11-24` as `24 Nov 2026`: a day of the catalog's calendar, whatever zone the screen is in. */
export function day(name: string): string {
  return new Date(`${name}T00:00:00Z`).toLocaleString("en-GB", { ...DATE, timeZone: "UTC" });
}

const DATE = { day: "numeric", month: "short", year: "numeric" } as const;

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  /** Of hours, `hour`: with the time of day; of days, `day`. */
  readonly grain: string;
}

/** From when to when: `19 Nov, 12:00 to 16:00`; of days their dates. */
export function span({ fromMs, toMs, grain }: Span, timeZone: string): string {
  const date = formatIn(timeZone, { day: "numeric", month: "short" });
  const time = formatIn(timeZone, { hour: "2-digit", minute: "2-digit" });
  const [first, last] = [date(fromMs), date(toMs - 1)];
  if (grain === "day") return first === last ? first : `${first} to ${last}`;
  return `${first}, ${time(fromMs)} to ${first === last ? "" : `${last}, `}${time(toMs)}`;
}

function formatIn(timeZone: string, options: Intl.DateTimeFormatOptions): (at: number) => string {
  const format = new Intl.DateTimeFormat("en-GB", { ...options, timeZone });
  return (at) => format.format(at);
}

function orUnknown(value: Maybe, show: (known: number) => string): string {
  return value === null || value === undefined || !Number.isFinite(value) ? UNKNOWN : show(value);
}

function dollars(value: number, digits: number): string {
  return value.toLocaleString("en-US", {
    style: "currency",
    currency: "USD",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

function trimmed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}

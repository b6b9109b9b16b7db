interface TimeFormat {
  /** For an axis: `18:00`, at midnight the day. */
  short(seconds: number): string;
  /** For a heading: `Tue 24 Nov, 18:00 UTC`. */
  long(seconds: number): string;
}

export function timeFormat(grain: "hour" | "day", timeZone: string): TimeFormat {
  const day = formatter({ day: "numeric", month: "short", timeZone });
  const hour = formatter({ hour: "2-digit", minute: "2-digit", timeZone });
  const wholeDay = formatter({ weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone });
  const wholeHour = formatter({
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
    timeZone,
  });
  if (grain === "day") return { short: day, long: wholeDay };
  return {
    short: (seconds) => (hour(seconds) === "00:00" ? day(seconds) : hour(seconds)),
    long: wholeHour,
  };
}

function formatter(options: Intl.DateTimeFormatOptions): (seconds: number) => string {
  const format = new Intl.DateTimeFormat("en-GB", options);
  return (seconds) => format.format(seconds * 1_000);
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export function clockTime(iso: string): string {
  return CLOCK.format(new Date(iso));
}

export function dayAndTime(iso: string): string {
  return DAY.format(new Date(iso));
}

/** 75 s as "1 min 15 s"; never negative, whatever two clocks think of each other. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function ago(iso: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (seconds < 3) return "just now";
  return `${duration(seconds * 1000).replace(/( min) \d+ s$/, "$1")} ago`;
}

export function between(start: string, end: string | null, now: number): string {
  return duration((end ? Date.parse(end) : now) - Date.parse(start));
}

export function timeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

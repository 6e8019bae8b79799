import { useSyncExternalStore } from "react";

/** Ages are shown to the minute under an hour: a quarter of that is often enough to look. */
const tickMs = 15_000;
let nowMs = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | null = null;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    nowMs = Date.now();
    for (const each of listeners) each();
  }, tickMs);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

/** One clock for the whole page, so that two ages side by side never disagree. */
export function useNowMs(): number {
  return useSyncExternalStore(subscribe, () => nowMs);
}

const dayMs = 86_400_000;

/** "now", "4 min", "3 h", "2 d". A time ahead of this device's clock reads "now". */
export function ageText(fromMs: number, untilMs: number): string {
  const minutes = Math.floor((untilMs - fromMs) / 60_000);
  if (minutes < 1) return "now";
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h`;
  return `${Math.floor((untilMs - fromMs) / dayMs)} d`;
}

/** How far a device's clock is off, in words. Positive: it runs ahead of ours. */
export function offsetText(offsetMs: number): string {
  const seconds = Math.round(Math.abs(offsetMs) / 1000);
  const size =
    seconds < 120
      ? `${seconds} s`
      : seconds < 7_200
        ? `${Math.round(seconds / 60)} min`
        : seconds < 48 * 3_600
          ? `${(seconds / 3600).toFixed(1)} h`
          : `${Math.round(seconds / 86_400)} d`;
  return `${size} ${offsetMs >= 0 ? "ahead" : "behind"}`;
}

/** As `Age`, where a sentence needs its last word. */
export function Ago({ at }: { readonly at: string }) {
  const now = useNowMs();
  const text = ageText(Date.parse(at), Math.max(now, Date.parse(at)));
  return (
    <time dateTime={at} title={momentText(at)}>
      {text === "now" ? "just now" : `${text} ago`}
    </time>
  );
}

export function Age({ at }: { readonly at: string }) {
  const now = useNowMs();
  const atMs = Date.parse(at);
  return (
    <time dateTime={at} title={momentText(at)}>
      {ageText(atMs, Math.max(now, atMs))}
    </time>
  );
}

const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const day = new Intl.DateTimeFormat(undefined, { day: "2-digit", month: "short" });
const full = new Intl.DateTimeFormat(undefined, {
  day: "2-digit",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
  timeZoneName: "short",
});

/** The instant in this device's zone, zone named; text that is no instant is shown as it came. */
export function momentText(at: string): string {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? at : full.format(ms);
}

export function clockText(at: string): string {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? at : clock.format(ms);
}

export function dayText(at: string): string {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? "" : day.format(ms);
}

export function Moment({ at }: { readonly at: string }) {
  return (
    <time dateTime={at} title={at}>
      {momentText(at)}
    </time>
  );
}

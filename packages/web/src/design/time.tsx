import { createContext, useContext, useSyncExternalStore } from "react";
import { formatsOf } from "./zone-formats.ts";

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
  const zone = useShopZone();
  const text = ageText(Date.parse(at), Math.max(now, Date.parse(at)));
  return (
    <time dateTime={at} title={momentText(at, zone)}>
      {text === "now" ? "just now" : `${text} ago`}
    </time>
  );
}

export function Age({ at }: { readonly at: string }) {
  const now = useNowMs();
  const zone = useShopZone();
  const atMs = Date.parse(at);
  return (
    <time dateTime={at} title={momentText(at, zone)}>
      {ageText(atMs, Math.max(now, atMs))}
    </time>
  );
}

/** The zone in which times of a shop are read; undefined: that of this device. */
export const ShopZone = createContext<string | undefined>(undefined);

export function useShopZone(): string | undefined {
  return useContext(ShopZone);
}

/** As `momentText`, for an end that somebody chose: nobody reads its seconds. */
export function endText(at: string): string {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? at : formatsOf(undefined).toTheMinute.format(ms);
}

/** The instant in the shop's zone, or this device's, zone named; text that is no instant is shown as it came. */
export function momentText(at: string, zone?: string): string {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? at : formatsOf(zone).full.format(ms);
}

export function clockText(at: string, zone?: string): string {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? at : formatsOf(zone).clock.format(ms);
}

export function dayText(at: string, zone?: string): string {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? "" : formatsOf(zone).day.format(ms);
}

export function Moment({ at }: { readonly at: string }) {
  const zone = useShopZone();
  return (
    <time dateTime={at} title={at}>
      {momentText(at, zone)}
    </time>
  );
}

/** Says whose clock the page speaks of, where it is not that of this device. */
export function ShopZoneNote() {
  const zone = useShopZone();
  if (zone === undefined || zone === formatsOf(undefined).full.resolvedOptions().timeZone) return null;
  return <>Times of the shop, {zone.replaceAll("_", " ")}</>;
}

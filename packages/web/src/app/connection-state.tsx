import { useQuery } from "@tanstack/react-query";
import { unreachable } from "@tillwatch/wire";
import { liveStatsKey, type LiveStats } from "../api/live-cache.ts";
import type { Connection } from "../api/live.ts";
import { cx } from "../design/cx.ts";
import { clockText } from "../design/time.tsx";
import { useConnection } from "./live-context.ts";

/** Whether what is on screen is current. Silence is stated: with the time since when. */
export function ConnectionState({ compact = false }: { readonly compact?: boolean }) {
  const connection = useConnection();
  const { data: stats } = useQuery<LiveStats>({ queryKey: liveStatsKey, enabled: false });
  const perMinute = stats?.signalsPerMinute ?? null;
  return (
    <output className={cx("flex items-start gap-2 text-xs", !compact && "min-h-9 px-2")}>
      <Lamp connection={connection} />
      <span className="grid leading-4">
        <span className="font-medium">{connectionWords(connection)}</span>
        {!compact && connection.kind === "live" && perMinute !== null ? (
          <span className="text-ink-muted">
            {perMinute.toLocaleString()} {perMinute === 1 ? "signal" : "signals"} a minute
          </span>
        ) : null}
      </span>
    </output>
  );
}

function connectionWords(connection: Connection): string {
  switch (connection.kind) {
    case "connecting":
      return "Connecting";
    case "live":
      return "Live";
    case "reconnecting":
      return `Reconnecting since ${clockText(new Date(connection.sinceMs).toISOString())}`;
    case "offline":
      return `Offline since ${clockText(new Date(connection.sinceMs).toISOString())}`;
    default:
      return unreachable(connection);
  }
}

/** A filled disc, a ring, a crossed square: told apart without colour. */
function Lamp({ connection }: { readonly connection: Connection }) {
  const shape =
    connection.kind === "live"
      ? "rounded-full bg-good"
      : connection.kind === "offline"
        ? "rotate-45 bg-bad"
        : "rounded-full border-2 border-warn";
  return <span aria-hidden="true" className={cx("mt-1 size-2 shrink-0", shape)} />;
}

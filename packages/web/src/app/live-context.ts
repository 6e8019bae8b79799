import { createContext, useContext, useSyncExternalStore } from "react";
import type { Connection, LiveConnection } from "../api/live.ts";

export const LiveContext = createContext<LiveConnection | null>(null);

export function useLive(): LiveConnection {
  const live = useContext(LiveContext);
  if (live === null) throw new Error("LiveContext is missing");
  return live;
}

export function useConnection(): Connection {
  const live = useLive();
  return useSyncExternalStore(live.subscribeState, live.state);
}

import type { LiveEvent } from "@tillwatch/wire";

export type Connection =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "reconnecting"; readonly sinceMs: number }
  | { readonly kind: "offline"; readonly sinceMs: number };

export type LiveBatch = { readonly events: readonly LiveEvent[]; readonly reset: boolean };

const kinds: readonly LiveEvent["kind"][] = [
  "incident",
  "packet",
  "drafts",
  "dead_letters",
  "sources",
  "checkpoint",
  "stats",
  "access_alarm",
  "shares",
  "access_changed",
  "session_ended",
  "session_changed",
];
const retryFirstMs = 1_000;
const retryMax = 15_000;
// A hidden tab gets no animation frames; it still catches up, once a second.
const hiddenFlushMs = 1_000;

/**
 * The live feed of this tab. Events are gathered and handed on once per animation frame, so that fifty a second cost one render a
 * frame and not fifty. Where something may have been missed, listeners get `reset`: it is fetched again, never guessed.
 */
export class LiveConnection {
  readonly #path: string;
  readonly #onBatch = new Set<(batch: LiveBatch) => void>();
  readonly #onState = new Set<() => void>();
  readonly #onEnded = new Set<(says: string) => void>();
  #state: Connection = { kind: "connecting" };
  #source: EventSource | null = null;
  #waiting: LiveEvent[] = [];
  #reset = false;
  #flushing = false;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #retryMs = retryFirstMs;
  // A stream that the browser itself reopens tells the server the id of its last event, and goes on there or hears `reset`. A new one, or
  // one that never had an event, tells nothing: what came between is then known to nobody here.
  #resumable = false;

  constructor(path: string) {
    this.#path = path;
  }

  readonly state = (): Connection => this.#state;

  readonly subscribeState = (listener: () => void): (() => void) => {
    this.#onState.add(listener);
    return () => this.#onState.delete(listener);
  };

  subscribe(listener: (batch: LiveBatch) => void): () => void {
    this.#onBatch.add(listener);
    return () => this.#onBatch.delete(listener);
  }

  /** The server ended this browser's session: told with the reason, once; the connection stays closed. */
  subscribeEnded(listener: (says: string) => void): () => void {
    this.#onEnded.add(listener);
    return () => this.#onEnded.delete(listener);
  }

  open(): void {
    this.close();
    const source = new EventSource(this.#path);
    this.#resumable = false;
    this.#source = source;
    source.addEventListener("open", () => this.#opened());
    source.addEventListener("error", () => this.#failed(source));
    source.addEventListener("reset", () => this.#take(null));
    for (const kind of kinds) {
      source.addEventListener(kind, (message: MessageEvent<string>) => {
        this.#resumable = message.lastEventId !== "";
        this.#heard(parseEvent(message.data));
      });
    }
    globalThis.addEventListener("offline", this.#wentOffline);
    globalThis.addEventListener("online", this.#cameBack);
  }

  close(): void {
    this.#source?.close();
    this.#source = null;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    globalThis.removeEventListener("offline", this.#wentOffline);
    globalThis.removeEventListener("online", this.#cameBack);
  }

  readonly #wentOffline = (): void => this.#set({ kind: "offline", sinceMs: this.#interruptedSinceMs() });
  readonly #cameBack = (): void => this.open();

  #opened(): void {
    this.#retryMs = retryFirstMs;
    this.#set({ kind: "live" });
    if (!this.#resumable) this.#take(null);
  }

  #failed(source: EventSource): void {
    const sinceMs = this.#interruptedSinceMs();
    this.#set(navigator.onLine ? { kind: "reconnecting", sinceMs } : { kind: "offline", sinceMs });
    // The browser retries by itself after a broken stream, but gives up for good after an error status.
    if (source.readyState !== EventSource.CLOSED || this.#retry !== null) return;
    this.#retry = setTimeout(() => this.open(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, retryMax);
  }

  #interruptedSinceMs(): number {
    return "sinceMs" in this.#state ? this.#state.sinceMs : Date.now();
  }

  #set(state: Connection): void {
    this.#state = state;
    for (const listener of this.#onState) listener();
  }

  #heard(event: LiveEvent | null): void {
    if (event?.kind === "session_ended") {
      this.close();
      for (const listener of this.#onEnded) listener(event.says);
      return;
    }
    // What the person may see is another now: everything on screen is asked for again.
    this.#take(event?.kind === "session_changed" ? null : event);
  }

  /** null asks for a reset. */
  #take(event: LiveEvent | null): void {
    if (event === null) this.#reset = true;
    else this.#waiting.push(event);
    if (this.#flushing) return;
    this.#flushing = true;
    if (document.hidden) setTimeout(() => this.#flush(), hiddenFlushMs);
    else requestAnimationFrame(() => this.#flush());
  }

  #flush(): void {
    const batch: LiveBatch = { events: this.#waiting, reset: this.#reset };
    this.#waiting = [];
    this.#reset = false;
    this.#flushing = false;
    for (const listener of this.#onBatch) listener(batch);
  }
}

/** An event that cannot be read means that something was missed: it counts as a reset. */
function parseEvent(text: string): LiveEvent | null {
  try {
    const event = JSON.parse(text) as LiveEvent;
    return kinds.includes(event.kind) ? event : null;
  } catch {
    return null;
  }
}

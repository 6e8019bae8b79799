import type { LiveEvent } from "@tillwatch/wire";

/** An event as it goes out: `id` is `<epoch>-<number>`, `text` the whole server-sent-events frame, made once for all readers. */
export type LiveFrame = { readonly id: string; readonly event: LiveEvent; readonly text: string };

export type LiveListener = (frame: LiveFrame) => void;

/**
 * Tells readers what changed. Publish only after the commit of what is told. The last `framesMax` frames are kept, so that a
 * reader who comes back goes on where he stopped; `epoch` differs with every start, so that an id of an earlier process is
 * recognised as one that cannot be resumed.
 */
export class LiveFeed {
  readonly #epoch: string;
  readonly #framesMax: number;
  readonly #listeners = new Set<LiveListener>();
  #frames: LiveFrame[] = [];
  #last = 0;

  constructor(options: { readonly epoch: string; readonly framesMax?: number }) {
    this.#epoch = options.epoch;
    this.#framesMax = options.framesMax ?? 1000;
  }

  publish(event: LiveEvent): void {
    this.#last += 1;
    const id = `${this.#epoch}-${this.#last}`;
    const frame = { id, event, text: `id: ${id}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n` };
    this.#frames.push(frame);
    // Trimmed in halves: shifting one by one would move the whole array with every event.
    if (this.#frames.length > this.#framesMax * 2) this.#frames = this.#frames.slice(-this.#framesMax);
    for (const listener of this.#listeners) listener(frame);
  }

  /** Answers how to stop. A listener must not throw and must not wait. */
  subscribe(listener: LiveListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** The frames after `id`; null when some of them are gone or the id is of another start: the reader must fetch everything again. */
  since(id: string): readonly LiveFrame[] | null {
    const [, epoch, digits] = /^(.+)-(\d{1,15})$/.exec(id) ?? [];
    const number = Number(digits);
    if (epoch !== this.#epoch || number > this.#last) return null;
    const missed = this.#last - number;
    if (missed > Math.min(this.#framesMax, this.#frames.length)) return null;
    return missed === 0 ? [] : this.#frames.slice(-missed);
  }

  get lastId(): string {
    return `${this.#epoch}-${this.#last}`;
  }

  get readers(): number {
    return this.#listeners.size;
  }
}

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { LiveEvent } from "@tillwatch/wire";

/** Whose readers are told: those of an organisation, and of them those who see the site. `siteId` null: all of the organisation. */
export type Audience = {
  readonly organisationId: string;
  readonly siteId: string | null;
  /** Who of them is not told; absent: everybody is. */
  readonly wall?: Wall;
};
export type Wall = {
  readonly subjects: readonly string[];
  readonly handlers: readonly string[] | null;
  readonly reporter: string | null;
};
type Sent = { readonly event: LiveEvent; readonly to: Audience };
type AudiencesOf = (sent: readonly Sent[]) => Promise<readonly Audience[]>;

/**
 * An event as it goes out: `id` is `<epoch>-<32 hex digits>`, `text` the whole server-sent-events frame, made once for all readers.
 * The digits are the event's number under a key of this start: a reader who sees a part of the events must not count the others.
 */
export type LiveFrame = {
  readonly id: string;
  readonly event: LiveEvent;
  readonly to: Audience;
  readonly text: string;
};

export type LiveListener = (frame: LiveFrame) => void;

/**
 * Tells readers what changed. Publish only after the commit of what is told. The last `framesMax` frames are kept, so that a
 * reader who comes back goes on where he stopped; `epoch` differs with every start, so that an id of an earlier process is
 * recognised as one that cannot be resumed.
 */
export class LiveFeed {
  readonly #epoch: string;
  readonly #framesMax: number;
  readonly #key = randomBytes(16);
  readonly #listeners = new Set<LiveListener>();
  #frames: LiveFrame[] = [];
  #last = 0;
  readonly #audiencesOf: AudiencesOf | undefined;
  #waiting: Sent[] = [];
  #asking = false;

  /** `audiencesOf` is asked about every batch before it goes out, and answers in its order: who may be told may have to be looked up. */
  constructor(options: { readonly epoch: string; readonly framesMax?: number; readonly audiencesOf?: AudiencesOf }) {
    this.#epoch = options.epoch;
    this.#audiencesOf = options.audiencesOf;
    this.#framesMax = options.framesMax ?? 1000;
  }

  publish(event: LiveEvent, to: Audience): void {
    if (this.#audiencesOf === undefined) {
      this.#send({ event, to });
      return;
    }
    this.#waiting.push({ event, to });
    if (!this.#asking) void this.#drain(this.#audiencesOf);
  }

  /** In their order; what comes meanwhile is the next batch. An event whose audience cannot be told goes to nobody. */
  async #drain(audiencesOf: AudiencesOf): Promise<void> {
    this.#asking = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const audiences = await audiencesOf(batch).catch((): readonly Audience[] => []);
      for (const [at, { event }] of batch.entries()) {
        const to = audiences[at];
        if (to !== undefined) this.#send({ event, to });
      }
    }
    this.#asking = false;
  }

  #send({ event, to }: Sent): void {
    this.#last += 1;
    const id = this.lastId;
    const frame = { id, event, to, text: `id: ${id}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n` };
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
    const [, epoch, digits = ""] = /^(.+)-([0-9a-f]{32})$/.exec(id) ?? [];
    const number = epoch === this.#epoch ? this.#numberOf(digits) : null;
    if (number === null || number > this.#last) return null;
    const missed = this.#last - number;
    if (missed > Math.min(this.#framesMax, this.#frames.length)) return null;
    return missed === 0 ? [] : this.#frames.slice(-missed);
  }

  get lastId(): string {
    const block = Buffer.alloc(16);
    block.writeBigUInt64BE(BigInt(this.#last), 8);
    // One block, one number: no two are alike, so there is nothing to chain.
    const cipher = createCipheriv("aes-128-ecb", this.#key, null).setAutoPadding(false);
    return `${this.#epoch}-${cipher.update(block, undefined, "hex")}`;
  }

  /** Null: not a number of ours. */
  #numberOf(digits: string): number | null {
    const decipher = createDecipheriv("aes-128-ecb", this.#key, null).setAutoPadding(false);
    const block = decipher.update(digits, "hex");
    return block.readBigUInt64BE(0) === 0n ? Number(block.readBigUInt64BE(8)) : null;
  }

  get readers(): number {
    return this.#listeners.size;
  }
}

import mqtt from "mqtt";
import { steadySignals, type SimDirectory } from "@tillwatch/sim";
import type { SignalsAccepted } from "@tillwatch/wire";
import { panicEvent, panicSite } from "./crash-pack.ts";
import { serverToken, type ServerAddresses } from "./crash-server.ts";

export type SentSignal = { readonly source: string; readonly id: string };

/** What senders know: the journal that the log is held against. Lives in the process that survives the kills. */
export class Journal {
  readonly sent = new Set<string>();
  readonly acknowledged = new Set<string>();
  readonly problems: string[] = [];
  panics = 0; // sites 0 to panics - 1 were told to press their button

  static keyOf({ source, id }: SentSignal): string {
    return `${source} ${id}`;
  }
}

type Event = SentSignal & { readonly siteid: string; readonly deviceid: string };
type Batch = readonly Event[];

/**
 * A source's own queue: what was not acknowledged is sent again, first, after the next start, as any device with a buffer does.
 * One panic button in every few batches.
 */
export class Senders {
  readonly journal = new Journal();
  readonly #directory: SimDirectory;
  readonly #panicSitesMax: number;
  readonly #http: Batch[] = [];
  readonly #mqtt: Event[] = [];
  #made = 0;

  constructor(directory: SimDirectory, panicSitesMax: number) {
    this.#directory = { ...directory, sites: directory.sites.filter(({ id }) => !id.startsWith("P-")) };
    this.#panicSitesMax = panicSitesMax;
  }

  /** Sends until `stop` says so and nothing is owed, or until the server is gone. */
  async run(server: ServerAddresses, stop: () => boolean): Promise<void> {
    const ways = [this.#overHttp(server.url, stop), this.#overHttp(server.url, stop)];
    if (server.mqtt !== null) ways.push(this.#overMqtt(server.mqtt, stop));
    await Promise.all(ways);
  }

  async #overHttp(url: string, stop: () => boolean): Promise<void> {
    for (;;) {
      const batch = this.#http.shift() ?? (stop() ? undefined : this.#newBatch(20 + (this.#made % 180)));
      if (batch === undefined) return;
      const answer = await post(url, batch);
      if (answer === "gone") {
        this.#http.unshift(batch);
        return;
      }
      this.#check(batch, answer);
    }
  }

  #check(batch: Batch, { status, body }: { readonly status: number; readonly body: SignalsAccepted | null }): void {
    if (status === 503 || status === 429) {
      this.#http.push(batch); // closing, or busy: not acknowledged
      return;
    }
    const taken = (body?.accepted ?? 0) + (body?.duplicates ?? 0);
    if (status !== 202 || taken !== batch.length) {
      this.journal.problems.push(`a batch of ${batch.length} was answered ${status} ${JSON.stringify(body)}`);
      return;
    }
    for (const event of batch) this.journal.acknowledged.add(Journal.keyOf(event));
  }

  async #overMqtt(url: string, stop: () => boolean): Promise<void> {
    const client = mqtt.connect(url, { protocolVersion: 4, reconnectPeriod: 0, connectTimeout: 5_000 });
    const connected = new Promise<boolean>((resolve) => client.once("connect", () => resolve(true)));
    // Not connectAsync: its promise stays pending where the server goes away in the middle of the handshake.
    const gone = new Promise<boolean>((resolve) => client.once("close", () => resolve(false)));
    client.on("error", () => {});
    const line = { open: await Promise.race([connected, gone]) };
    client.once("close", () => {
      line.open = false;
    });
    while (line.open) {
      const event = this.#mqtt.shift() ?? (stop() ? undefined : this.#newBatch(1)[0]);
      if (event === undefined) break;
      const topic = topicOf(event);
      const published = client.publishAsync(topic, JSON.stringify(event), { qos: 1 });
      const acknowledged = await Promise.race([published.then(() => true).catch(() => false), gone]);
      if (acknowledged) this.journal.acknowledged.add(Journal.keyOf(event));
      else this.#mqtt.unshift(event);
    }
    client.end(true);
  }

  #newBatch(size: number): Batch {
    const startMs = Date.now();
    const seed = `batch-${this.#made++}`;
    const wave = { seed, directory: this.#directory, count: size, startMs, suspiciousShare: 0.05 };
    const events = [...steadySignals(wave)] as unknown as Event[];
    if (size > 1 && this.#made % 7 === 0 && this.journal.panics < this.#panicSitesMax) {
      events.push(panicEvent(panicSite(this.journal.panics++), startMs));
    }
    for (const event of events) this.journal.sent.add(Journal.keyOf(event));
    return events;
  }
}

type Answer = { readonly status: number; readonly body: SignalsAccepted | null };

/** One NDJSON batch; `gone` where the server went away before it had answered whole. */
export async function post(url: string, events: readonly unknown[]): Promise<Answer | "gone"> {
  try {
    const answer = await fetch(`${url}/api/v1/signals`, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson", authorization: `Bearer ${serverToken}` },
      body: events.map((event) => JSON.stringify(event)).join("\n"),
    });
    const text = await answer.text();
    return { status: answer.status, body: answer.ok ? (JSON.parse(text) as SignalsAccepted) : null };
  } catch {
    return "gone";
  }
}

function topicOf(event: Event): string {
  const { siteid, deviceid } = event as { readonly siteid?: unknown; readonly deviceid?: unknown };
  if (typeof siteid !== "string" || typeof deviceid !== "string")
    throw new TypeError("a simulated event names its device");
  return `tillwatch/${siteid}/${deviceid}/signal`;
}

import { Agent, request } from "node:http";
import { steadySignals, type SimDirectory } from "@tillwatch/sim";
import type { SignalsAccepted } from "@tillwatch/wire";
import { serverToken } from "../../packages/server/src/testing/crash-server.ts";

/** Bodies of `rows` NDJSON signals each, made before anything is timed. */
export function bodiesOf(wave: {
  readonly directory: SimDirectory;
  readonly seed: string;
  readonly count: number;
  readonly rowsPerBody: number;
  readonly startMs: number;
}): readonly Buffer[] {
  const bodies: Buffer[] = [];
  let lines: string[] = [];
  for (const event of steadySignals(wave)) {
    lines.push(JSON.stringify(event));
    if (lines.length < wave.rowsPerBody) continue;
    bodies.push(Buffer.from(lines.join("\n")));
    lines = [];
  }
  if (lines.length > 0) bodies.push(Buffer.from(lines.join("\n")));
  return bodies;
}

/** Posts over connections that stay open. Throws where a signal was not accepted. */
export class Poster {
  readonly #agent: Agent;
  readonly #url: URL;

  constructor(url: string, connections: number) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
    this.#url = new URL("/api/v1/signals", url);
  }

  /** All bodies, as many at once as there are connections; answers how many signals were accepted. */
  async postAll(bodies: readonly Buffer[], connections: number): Promise<number> {
    let next = 0;
    let accepted = 0;
    const worker = async () => {
      for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
        const taken = await this.post(body);
        accepted += taken; // not in one expression: it would read the sum before the wait
      }
    };
    await Promise.all(Array.from({ length: connections }, worker));
    return accepted;
  }

  async post(body: Buffer): Promise<number> {
    const { status, text } = await this.#send(body);
    const answer = status === 202 ? (JSON.parse(text) as SignalsAccepted) : null;
    if (answer === null || answer.refused.length > 0 || answer.duplicates > 0) throw new Error(`${status} ${text}`);
    return answer.accepted;
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(body: Buffer): Promise<{ readonly status: number; readonly text: string }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number; readonly text: string }>();
    const headers = {
      authorization: `Bearer ${serverToken}`,
      "content-type": "application/x-ndjson",
      "content-length": body.length,
    };
    const sent = request(this.#url, { method: "POST", agent: this.#agent, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
      answer.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
    return promise;
  }
}

/** How many signals the server has carried through the pipeline since it started. */
export async function processedBy(url: string): Promise<number> {
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${serverToken}` } });
  const value = /^tillwatch_signals_processed_total\s+(\S+)/m.exec(await answer.text())?.[1];
  return Number(value ?? 0);
}

export function onlyShops<D extends { readonly sites: readonly { readonly id: string }[] }>(directory: D): D {
  return { ...directory, sites: directory.sites.filter(({ id }) => !id.startsWith("P-")) };
}

/// <reference types="@fastify/swagger" />
import type { Readable } from "node:stream";
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from "fastify";
import { parseSiteId, type DeviceId, type RowRefusal, type SignalsAccepted, type SiteId } from "@tillwatch/wire";
import { problem, type HttpProblem } from "../api/problem.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import { nodeDigest } from "../platform/digest.ts";
import type { Db } from "../schema.ts";
import { bodyBytesMax, bodyRows } from "./body-rows-http.ts";
import { deadLetterRoutes } from "./dead-letter-http.ts";
import type { Channel } from "./draft.ts";
import { LogFault } from "./log-fault.ts";
import { parseRows } from "./parse-signals.ts";
import type { Framing, Row } from "./row-splitter.ts";
import { schemaRoutes } from "./schema-http.ts";
import type { AppendResult, SignalLog } from "./signal-log-store.ts";
import { sourceRoutes, type SourceNames, type SourceRouteDeps } from "./source-http.ts";

export type SignalRouteDeps = {
  readonly db: Db;
  readonly fields: FieldVault;
  readonly signalLog: SignalLog;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly names: SourceNames;
  readonly withoutAddresses: SourceRouteDeps["withoutAddresses"];
  readonly actorOf: (request: FastifyRequest) => { readonly token: string; readonly organisationId: string };
  /** The device that proved itself and asks; null: a person or program, who may send for others. */
  readonly deviceOf?: (request: FastifyRequest) => { readonly siteId: SiteId; readonly deviceId: DeviceId } | null;
  /** The device sent for somebody else; refused. */
  readonly onForeign?: (request: FastifyRequest, says: string) => void;
  readonly onDeadLetters?: (waiting: number, organisationId: string) => void; // after the commit: the live feed's `dead_letters`
};

/** `/api/v1/signals`, `/dead-letters`, `/sources` and `/schemas/*.json`. */
export function signalRoutes(deps: SignalRouteDeps): FastifyPluginAsync {
  return async (app) => {
    await app.register(takeSignals(deps));
    await app.register(deadLetterRoutes(deps));
    await app.register(sourceRoutes(deps));
    await app.register(schemaRoutes());
  };
}

const framings: Readonly<Record<string, Framing>> = {
  "application/json": "json",
  "application/cloudevents+json": "json",
  "application/cloudevents-batch+json": "json",
  "application/x-ndjson": "lines",
  "application/ndjson": "lines",
  "application/jsonl": "lines",
};

// What one append holds at most, and how many of them a request may have under way: its memory is about twice this.
const appendRowsMax = 500;
const appendBytesMax = 1024 * 1024;
const appendsUnderWayMax = 2;
// So that ten megabytes of rubbish do not make a hundred megabytes of answer.
const refusedListedMax = 1_000;

/** In a context of its own: here a body is a stream, everywhere else it is parsed JSON. */
function takeSignals(deps: SignalRouteDeps): FastifyPluginAsync {
  return async (app: FastifyInstance) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(Object.keys(framings), (_request, payload, done) => done(null, payload));
    const schema = {
      tags: ["signals"],
      summary: "Take one or many signals",
      description: "Any accepted shape; one object, an array, or NDJSON. Answered after the commit.",
      consumes: Object.keys(framings),
    };
    app.post(
      "/api/v1/signals",
      { schema, bodyLimit: bodyBytesMax, config: { device: true, access: { action: "signal:write", on: "sites" } } },
      async (request, reply) => {
        try {
          const accepted = await take(request, deps);
          return await reply.code(202).send(accepted);
        } catch (fault) {
          // The rest of a body that was not read would be read as the next request.
          reply.header("connection", "close");
          throw asProblem(fault);
        }
      },
    );
  };
}

async function take(request: FastifyRequest, deps: SignalRouteDeps): Promise<SignalsAccepted> {
  if (deps.signalLog.busy) throw busy();
  // Neither a body nor a content type: nothing was parsed.
  if (request.body === undefined) throw problem(400, "signal_body_empty", "the body holds no signal");
  const intake = new Intake(deps, {
    channel: channelOf(request, deps),
    organisationId: deps.actorOf(request).organisationId,
  });
  const how = { framing: framingOf(request), gzip: isGzip(request) };
  let single = false;
  let list = false;
  try {
    for await (const { rows, isSingle, isList } of bodyRows(request.body as Readable, how)) {
      single ||= isSingle;
      list ||= isList;
      await intake.add(rows);
    }
  } finally {
    // What was taken from the body before it failed is stored all the same.
    await intake.finish();
  }
  const answer = intake.answer();
  if (intake.rows === 0 && !list) throw problem(400, "signal_body_empty", "the body holds no signal");
  const foreign = answer.refused.find(({ code }) => code === "device_foreign");
  if (foreign !== undefined) deps.onForeign?.(request, foreign.message);
  const refusal = answer.refused[0];
  if (single && refusal !== undefined) {
    throw problem(refusal.code === "device_foreign" ? 403 : 422, refusal.code, refusal.message, {
      pointer: refusal.pointer,
    });
  }
  return answer;
}

type Sender = { readonly channel: Channel; readonly organisationId: string };

/** One request's way into the log: rows are gathered into appends, a few of which run while the next rows are read. */
class Intake {
  readonly #deps: SignalRouteDeps;
  readonly #from: Sender;
  #waiting: Row[] = [];
  #waitingBytes = 0;
  readonly #underWay = new Set<Promise<void>>();
  #fault: Error | null = null;
  readonly #counts = { accepted: 0, duplicate: 0, dead_lettered: 0 };
  readonly #refused: RowRefusal[] = [];
  #refusedCount = 0;
  rows = 0;

  constructor(deps: SignalRouteDeps, from: Sender) {
    this.#deps = deps;
    this.#from = from;
  }

  async add(rows: readonly Row[]): Promise<void> {
    for (const row of rows) {
      this.rows++;
      this.#waiting.push(row);
      this.#waitingBytes += row.kind === "bytes" ? row.bytes.length : 0;
      if (this.#waiting.length >= appendRowsMax || this.#waitingBytes >= appendBytesMax) await this.#append();
    }
  }

  async finish(): Promise<void> {
    if (this.#waiting.length > 0) await this.#append();
    await Promise.all(this.#underWay);
    if (this.#fault !== null) throw this.#fault;
  }

  answer(): SignalsAccepted {
    return {
      accepted: this.#counts.accepted,
      duplicates: this.#counts.duplicate,
      deadLettered: this.#counts.dead_lettered,
      refused: this.#refused,
      ...(this.#refusedCount > this.#refused.length ? { refusedCount: this.#refusedCount } : {}),
    };
  }

  async #append(): Promise<void> {
    const context = { receivedAtMs: this.#deps.clock(), digest: nodeDigest, ...this.#from };
    const { signals, refused } = parseRows(this.#waiting, context);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#refusedCount += refused.length;
    this.#refused.push(...refused.slice(0, refusedListedMax - this.#refused.length));
    while (this.#underWay.size >= appendsUnderWayMax) await Promise.race(this.#underWay);
    if (this.#fault !== null) throw this.#fault;
    if (signals.length === 0) return;
    const running = this.#deps.signalLog
      .append(signals, this.#from.organisationId)
      .then((result) => this.#count(result))
      .catch((fault: unknown) => {
        this.#fault ??= fault instanceof Error ? fault : new Error(String(fault));
      })
      .finally(() => this.#underWay.delete(running));
    this.#underWay.add(running);
  }

  #count({ outcomes }: AppendResult): void {
    for (const outcome of outcomes) this.#counts[outcome]++;
  }
}

function framingOf(request: FastifyRequest): Framing {
  const [type = "", ...parameters] = (request.headers["content-type"] ?? "").toLowerCase().split(";");
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith("charset="));
  if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset)) {
    throw problem(415, "signal_charset_unsupported", "JSON is sent as UTF-8", { remedy: "Leave the charset away." });
  }
  return framings[type.trim()] ?? "json";
}

function isGzip(request: FastifyRequest): boolean {
  const encoding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (encoding === "identity" || encoding === "") return false;
  if (encoding === "gzip" || encoding === "x-gzip") return true;
  throw problem(415, "signal_encoding_unsupported", "a body is taken as it is or packed with gzip");
}

// Frigate names no site; a bridge that forwards its events says here whose they are.
function channelOf(request: FastifyRequest, deps: SignalRouteDeps): Channel {
  const device = deps.deviceOf?.(request) ?? null;
  if (device !== null)
    return { site: device.siteId, device: device.deviceId, frigateSite: device.siteId, proven: true };
  const given = (request.query as { readonly site?: unknown }).site;
  if (given === undefined) return {};
  const site = parseSiteId(given);
  if (!site.ok) throw problem(400, "request_invalid", "the query member site is not a site id", { pointer: "/site" });
  return { frigateSite: site.value };
}

function busy(): HttpProblem {
  return problem(429, "signal_log_busy", "more signals wait for the disk than we hold in memory", {
    retryAfterSeconds: 1,
    remedy: "Send the same again after the time in Retry-After.",
  });
}

function asProblem(fault: unknown): unknown {
  if (!(fault instanceof LogFault)) return fault;
  if (fault.code === "signal_log_busy") return busy();
  return problem(503, fault.code, "the signals could not be stored; none of this request is acknowledged", {
    retryAfterSeconds: 5,
    remedy: "Send the same again after the time in Retry-After; what was stored is found as duplicate.",
  });
}

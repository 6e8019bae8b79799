import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { isJsonObject, parseSignalId, type DeadLetter, type Signal } from "@tillwatch/wire";
import { inScope } from "../access/callers-db.ts";
import { problem } from "../api/problem.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { Db } from "../schema.ts";
import {
  countWaiting,
  deadLetterById,
  listDeadLetters,
  settleDeadLetters,
  waitingSignals,
  type Settlement,
} from "./dead-letter-store.ts";
import type { SignalLog } from "./signal-log-store.ts";

export type DeadLetterDeps = {
  readonly db: Db;
  readonly fields: FieldVault;
  readonly signalLog: SignalLog;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly actorOf: (request: FastifyRequest) => { readonly token: string; readonly organisationId: string };
  readonly onDeadLetters?: (waiting: number, organisationId: string) => void;
};

/**
 * `GET /api/v1/dead-letters?state=&cursor=&limit=` (state `waiting` unless given; `all` for every one), `POST .../{id}/redrive`,
 * `POST .../redrive` (all whose place the directory now knows), `POST .../{id}/discard {because}`.
 */
export function deadLetterRoutes(deps: DeadLetterDeps): FastifyPluginAsync {
  return async (app) => {
    const tags = ["dead letters"];
    const base = "/api/v1/dead-letters";
    const reads = { access: { action: "dead_letter:read", on: "organisation" } } as const;
    const settles = { access: { action: "dead_letter:settle", on: "organisation" } } as const;
    app.get(base, { schema: { tags, summary: "What waits because its place is unknown" }, config: reads }, (request) =>
      listDeadLetters(inScope(deps, request), pageOf(request.query as Query)),
    );
    app.post(
      `${base}/redrive`,
      { schema: { tags, summary: "Redrive all that the directory now knows" }, config: settles },
      (request) => {
        const settlement = settlementOf(request, deps, "redriven");
        return redriveAll(scopedFor(deps, request), settlement);
      },
    );
    app.post(`${base}/:id/redrive`, { schema: { tags, summary: "Redrive one" }, config: settles }, async (request) => {
      const id = idOf(request);
      const settlement = settlementOf(request, deps, "redriven");
      const own = scopedFor(deps, request);
      const signal = await waitingSignal(own, id);
      const unknown = deps.signalLog.unknownPlace(signal, own.organisationId);
      if (unknown !== null) {
        throw problem(409, "dead_letter_place_unknown", unknown.message, {
          remedy: "Add the site or device to the directory, then redrive again.",
        });
      }
      const { outcomes } = await deps.signalLog.appendKnown([signal]);
      await settle(own, [id], settlement);
      return { id, outcome: outcomes[0] };
    });
    app.post(
      `${base}/:id/discard`,
      { schema: { tags, summary: "Discard one, with a reason" }, config: settles },
      async (request) => {
        const id = idOf(request);
        const settlement = settlementOf(request, deps, "discarded");
        const own = scopedFor(deps, request);
        const settled = await settle(own, [id], settlement);
        if (settled === 0) await refuseSettled(own, id);
        return { id };
      },
    );
  };
}

type OwnDeps = DeadLetterDeps & { readonly organisationId: string };

/** Everything below works on the letters of the asker's organisation. */
function scopedFor(deps: DeadLetterDeps, request: FastifyRequest): OwnDeps {
  return { ...inScope(deps, request), organisationId: deps.actorOf(request).organisationId };
}

const redriveBatch = 500;

/** First the log, then the letter: a crash between them leaves a letter whose next redrive is found as a repeat. */
async function redriveAll(deps: OwnDeps, settlement: Settlement) {
  const counts = { redriven: 0, duplicates: 0, stillUnknown: 0 };
  let after = 0;
  for (;;) {
    const letters = await waitingSignals(deps.db, after, redriveBatch);
    const known = letters.filter(
      ({ signal }) => signal !== null && deps.signalLog.unknownPlace(signal, deps.organisationId) === null,
    );
    const signals = known.flatMap(({ signal }) => (signal === null ? [] : [signal]));
    const { outcomes } = await deps.signalLog.appendKnown(signals);
    if (known.length > 0)
      await settle(
        deps,
        known.map(({ id }) => id),
        settlement,
      );
    counts.redriven += known.length;
    counts.duplicates += outcomes.filter((outcome) => outcome === "duplicate").length;
    counts.stillUnknown += letters.length - known.length;
    const last = letters.at(-1);
    if (last === undefined || letters.length < redriveBatch) return counts;
    after = last.arrived;
  }
}

async function settle(deps: OwnDeps, ids: readonly string[], settlement: Settlement): Promise<number> {
  const settled = await settleDeadLetters(deps, { ids, settlement });
  if (settled > 0) deps.onDeadLetters?.(await countWaiting(deps.db), deps.organisationId);
  return settled;
}

async function waitingSignal(deps: DeadLetterDeps, id: string): Promise<Signal> {
  const letter = await deadLetterById(deps.db, id);
  if (letter?.state !== "waiting") return refuseSettled(deps, id);
  if (letter.signal === null) {
    throw problem(409, "dead_letter_not_understood", "this letter holds bytes that are no signal", {
      remedy: "Mend the sender; discard the letter with a reason.",
    });
  }
  return letter.signal;
}

async function refuseSettled(deps: DeadLetterDeps, id: string): Promise<never> {
  const letter = await deadLetterById(deps.db, id);
  if (letter === null) throw problem(404, "dead_letter_unknown", "there is no dead letter with this id");
  throw problem(409, "dead_letter_settled", `this letter is ${letter.state} already`);
}

function idOf(request: FastifyRequest): string {
  const parsed = parseSignalId((request.params as { readonly id?: unknown }).id);
  if (!parsed.ok) throw problem(404, "dead_letter_unknown", "there is no dead letter with this id");
  return parsed.value;
}

const becauseMax = 2_000;

/** Who settles, when and why. A discard needs a reason of the person's own. */
function settlementOf(request: FastifyRequest, deps: DeadLetterDeps, state: Settlement["state"]): Settlement {
  const given = isJsonObject(request.body) ? request.body["because"] : undefined;
  const because = typeof given === "string" ? given.trim() : "";
  if (given !== undefined && (because === "" || because.length > becauseMax || because.includes("\0"))) {
    throw problem(400, "request_invalid", "because is a text of 1 to 2000 characters", { pointer: "/because" });
  }
  if (because === "" && state === "discarded") {
    throw problem(400, "dead_letter_reason_missing", "a discard needs its reason in because", { pointer: "/because" });
  }
  const actor = deps.actorOf(request).token;
  const inOwnWords = because !== "";
  return { state, actor, because: inOwnWords ? because : "redriven by hand", inOwnWords, atMs: deps.clock() };
}

type Query = { readonly state?: string; readonly cursor?: string; readonly limit?: string };
const states = ["waiting", "redriven", "discarded"] as const;

function pageOf(query: Query): { state: DeadLetter["state"] | null; cursor: number | null; limit: number } {
  const given = query.state ?? "waiting";
  const state = states.find((known) => known === given) ?? null;
  if (state === null && given !== "all") {
    throw problem(400, "request_invalid", "state is waiting, redriven, discarded or all", { pointer: "/state" });
  }
  const cursor = query.cursor === undefined ? null : wholeNumber(query.cursor, "/cursor");
  const limit = query.limit === undefined ? 50 : wholeNumber(query.limit, "/limit");
  if (limit < 1 || limit > 500) throw problem(400, "request_invalid", "limit is 1 to 500", { pointer: "/limit" });
  return { state, cursor, limit };
}

function wholeNumber(text: string, pointer: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw problem(400, "request_invalid", "a whole number is expected", { pointer });
}

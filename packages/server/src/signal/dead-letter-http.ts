import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { isJsonObject, parseSignalId, type DeadLetter, type Signal } from "@tillwatch/wire";
import { problem } from "../api/problem.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
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
  readonly signalLog: SignalLog;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly actorOf: (request: FastifyRequest) => { readonly token: string };
  readonly onDeadLetters?: (waiting: number) => void;
};

/**
 * `GET /api/v1/dead-letters?state=&cursor=&limit=` (state `waiting` unless given; `all` for every one), `POST .../{id}/redrive`,
 * `POST .../redrive` (all whose place the directory now knows), `POST .../{id}/discard {because}`.
 */
export function deadLetterRoutes(deps: DeadLetterDeps): FastifyPluginAsync {
  return async (app) => {
    const tags = ["dead letters"];
    const base = "/api/v1/dead-letters";
    app.get(base, { schema: { tags, summary: "What waits because its place is unknown" } }, (request) =>
      listDeadLetters(deps.db, pageOf(request.query as Query)),
    );
    app.post(`${base}/redrive`, { schema: { tags, summary: "Redrive all that the directory now knows" } }, (request) =>
      redriveAll(deps, settlementOf(request, deps, "redriven")),
    );
    app.post(`${base}/:id/redrive`, { schema: { tags, summary: "Redrive one" } }, async (request) => {
      const id = idOf(request);
      const settlement = settlementOf(request, deps, "redriven");
      const signal = await waitingSignal(deps, id);
      const unknown = deps.signalLog.unknownPlace(signal);
      if (unknown !== null) {
        throw problem(409, "dead_letter_place_unknown", unknown.message, {
          remedy: "Add the site or device to the directory, then redrive again.",
        });
      }
      const { outcomes } = await deps.signalLog.appendKnown([signal]);
      await settle(deps, [id], settlement);
      return { id, outcome: outcomes[0] };
    });
    app.post(`${base}/:id/discard`, { schema: { tags, summary: "Discard one, with a reason" } }, async (request) => {
      const id = idOf(request);
      const settlement = settlementOf(request, deps, "discarded");
      const settled = await settle(deps, [id], settlement);
      if (settled === 0) await refuseSettled(deps, id);
      return { id };
    });
  };
}

const redriveBatch = 500;

/** First the log, then the letter: a crash between them leaves a letter whose next redrive is found as a repeat. */
async function redriveAll(deps: DeadLetterDeps, settlement: Settlement) {
  const counts = { redriven: 0, duplicates: 0, stillUnknown: 0 };
  let after = 0;
  for (;;) {
    const letters = await waitingSignals(deps.db, after, redriveBatch);
    const known = letters.filter(({ signal }) => signal !== null && deps.signalLog.unknownPlace(signal) === null);
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

async function settle(deps: DeadLetterDeps, ids: readonly string[], settlement: Settlement): Promise<number> {
  const settled = await settleDeadLetters(deps.db, { ids, settlement }, deps.chance);
  if (settled > 0) deps.onDeadLetters?.(await countWaiting(deps.db));
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
  return { state, actor, because: because === "" ? "redriven by hand" : because, atMs: deps.clock() };
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

import type { ServerResponse } from "node:http";
import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { LiveEvent } from "@tillwatch/wire";
import type { SessionWatch } from "../access/people/session-watch.ts";
import { sessionEnds } from "../access/people/session-state.ts";
import { askAgain } from "../access/ask-http.ts";
import { actorOf } from "../access/authenticate-http.ts";
import { sharedOnly } from "../access/callers-db.ts";
import { isTold } from "../conflict/conflict.ts";
import type { Principal } from "../access/principal.ts";
import type { LiveFeed, LiveFrame } from "../platform/live-feed.ts";
import { describeFault, type Log } from "../platform/log.ts";
import type { Scope } from "../platform/database/scoped.ts";
import { problem } from "./problem.ts";
import { typed } from "./typed.ts";

export type EventsDeps = {
  readonly live: LiveFeed;
  readonly log: Log;
  /** What an event of another organisation is to the readers of a partner, now; null: nothing. */
  readonly shared?: {
    readonly follow: (partnerId: string) => {
      readonly told: (event: LiveEvent) => Promise<LiveEvent | null>;
      readonly stop: () => void;
    };
  };
  readonly sessions?: Pick<SessionWatch, "follow">; // absent: nobody signs in as a person
  readonly heartbeatMs?: number;
  readonly askAgainMs?: number;
  readonly bufferBytesMax?: number;
  readonly readersMax?: number;
};

// 15 s: proxies commonly cut a silent connection after 30 to 60 s.
const heartbeatMsDefault = 15_000;
// A reader who is this far behind is not reading; he comes back with Last-Event-ID or gets `reset`.
const bufferBytesMaxDefault = 1024 * 1024;
const readersMaxDefault = 2000;
// A stream outlives a key, a grant and a vendor's access no longer than this (and the round itself, one question after the other).
const askAgainMsDefault = 2_000;
// Changes that wait for the question whether a partner may know of them.
const waitingMax = 1_000;

/**
 * `GET /api/v1/events`: server-sent events (WHATWG HTML 9.2). First comes `reset` where the reader's `Last-Event-ID` cannot be
 * resumed, else what he missed. A comment line keeps the connection alive. A reader that does not read is cut. The stream of a session
 * that ended says so and closes within seconds; where its person's rights changed it closes as well, for what it may carry is another. Every
 * stream is asked about again and again: it ends with the key, the grant or the access that it stands on. A partner's carries the changes
 * of what is shared with it, while it is.
 */
export function eventsRoutes(deps: EventsDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    const readers = new Map<ServerResponse, () => Promise<void>>();
    const heartbeat = setInterval(() => {
      for (const reader of readers.keys()) reader.write(": still here\n\n");
    }, deps.heartbeatMs ?? heartbeatMsDefault);
    heartbeat.unref();
    const stopAsking = askAllAgain(readers, deps);
    app.addHook("preClose", async () => {
      clearInterval(heartbeat);
      await stopAsking();
      for (const reader of readers.keys()) reader.end();
    });
    const schema = {
      tags: ["events"],
      operationId: "streamEvents",
      summary: "Server-sent events: what changed",
      headers: Type.Object({ "last-event-id": Type.Optional(Type.String({ maxLength: 100 })) }),
      response: { 200: { description: "the stream", content: { "text/event-stream": { schema: Type.String() } } } },
    };
    app.get(
      "/api/v1/events",
      { schema, exposeHeadRoute: false, config: { access: { action: "event:read", on: "sites" } } },
      (request, reply) => {
        if (readers.size >= (deps.readersMax ?? readersMaxDefault)) {
          throw problem(503, "events_readers_full", "too many readers of the event stream", { retryAfterSeconds: 10 });
        }
        reply.hijack();
        const out = reply.raw;
        out.writeHead(200, {
          ...headersOf(reply.getHeaders()),
          "content-type": "text/event-stream; charset=utf-8",
          "cache-control": "no-store",
          "x-accel-buffering": "no",
        });
        const principal = actorOf(request);
        const lastEventId = request.headers["last-event-id"];
        const scope = sharedOnly(principal) ?? request.scope;
        const reader = { out, sees: audienceOf(scope, principal), lastEventId };
        const stop =
          sharedOnly(principal) === null
            ? stream(deps, reader)
            : partnersStream(deps, reader, principal.organisationId);
        const leave = followSession(deps, { out, stop, principal });
        readers.set(out, holding(request, { out, stop, principal }));
        out.on("close", () => {
          leave();
          stop();
          readers.delete(out);
        });
      },
    );
  };
}

/** Whether what a frame tells is told within a scope. */
function audienceOf(scope: Scope, principal: Principal): (frame: LiveFrame) => boolean {
  const { token, kind, roles } = principal;
  const reader = { token, kind, roles, partner: sharedOnly(principal) !== null };
  const sites = new Set(scope.sites);
  const withheld = new Set(scope.restricted?.categories);
  const butAt = new Set(scope.restricted?.sites);
  return ({ event, to: { organisationId, siteId, wall } }) => {
    if (scope.all) return true;
    if (organisationId !== scope.organisationId) return false;
    if (wall !== undefined && !isTold(wall, reader)) return false;
    if (siteId === null) return true;
    if (event.kind === "incident" && withheld.has(event.summary.category) && !butAt.has(siteId)) return false;
    return scope.everySite === true || sites.has(siteId);
  };
}

type Reader = {
  readonly out: ServerResponse;
  readonly sees: (frame: LiveFrame) => boolean;
  readonly lastEventId: string | undefined;
};

function stream(deps: EventsDeps, reader: Reader): () => void {
  const bufferBytesMax = deps.bufferBytesMax ?? bufferBytesMaxDefault;
  const { out, sees } = reader;
  for (const frame of missedBy(deps, reader)) if (sees(frame)) out.write(frame.text);
  return deps.live.subscribe((frame) => {
    if (!sees(frame)) return;
    if (out.writableLength > bufferBytesMax) out.destroy();
    else out.write(frame.text);
  });
}

/** The frames after the last that the reader had. Where they cannot be told he hears `reset`. */
function missedBy({ live }: EventsDeps, { out, lastEventId }: Reader): readonly LiveFrame[] {
  const missed = lastEventId === undefined ? [] : live.since(lastEventId);
  // 2 s: how long an EventSource waits before it comes back.
  out.write("retry: 2000\n\n");
  if (missed === null) out.write(`id: ${live.lastId}\nevent: reset\ndata: {"kind":"reset"}\n\n`);
  return missed ?? [];
}

/** One event after the other, each as the partner may know of it when it goes out. */
function partnersStream(deps: EventsDeps, reader: Reader, partnerId: string): () => void {
  const { out, sees } = reader;
  const followed = deps.shared?.follow(partnerId);
  let stopped = false;
  let waiting = 0;
  let last = Promise.resolve();
  const tell = async (frame: LiveFrame): Promise<void> => {
    const event = sees(frame) ? frame.event : ((await followed?.told(frame.event)) ?? null);
    if (event !== null && !stopped)
      out.write(`id: ${frame.id}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`);
  };
  const queue = (frame: LiveFrame): void => {
    waiting += 1;
    if (waiting > waitingMax || out.writableLength > (deps.bufferBytesMax ?? bufferBytesMaxDefault)) {
      out.destroy();
      return;
    }
    last = last
      .then(() => (stopped ? undefined : tell(frame)))
      .catch((fault: unknown) => {
        // What could not be asked about is not told; the reader comes back and goes on where he stopped.
        deps.log.error("a partner's event could not be asked about", { fault: describeFault(fault) });
        out.destroy();
      })
      .finally(() => {
        waiting -= 1;
      });
  };
  for (const frame of missedBy(deps, reader)) queue(frame);
  const leave = deps.live.subscribe(queue);
  return () => {
    stopped = true;
    leave();
    followed?.stop();
  };
}

/** Asks about each open stream, one after the other, round after round. */
function askAllAgain(readers: ReadonlyMap<ServerResponse, () => Promise<void>>, deps: EventsDeps): () => Promise<void> {
  let stopped = false;
  let running = Promise.resolve();
  const round = async (): Promise<void> => {
    for (const stillHolds of readers.values()) if (!stopped) await stillHolds();
  };
  const timer = setInterval(() => {
    if (waits) return;
    waits = true;
    running = round()
      .catch((fault: unknown) =>
        deps.log.error("open streams could not be asked about", { fault: describeFault(fault) }),
      )
      .finally(() => {
        waits = false;
      });
  }, deps.askAgainMs ?? askAgainMsDefault);
  let waits = false;
  timer.unref();
  return async () => {
    stopped = true;
    clearInterval(timer);
    await running;
  };
}

/** Ends the stream where who asks, or what he may see, is no longer what it was when it was opened. */
function holding(request: FastifyRequest, { out, stop, principal }: Follower): () => Promise<void> {
  const before = rightsOf(principal, request.scope);
  return async () => {
    if (out.writableEnded || out.destroyed) return;
    const now = await askAgain(request);
    if (now.kind === "allowed" && rightsOf(now.principal, now.scope) === before) return;
    // Why a session ended is told by who watches sessions, within a second.
    if (now.kind === "unidentified" && principal.sessionId !== null) return;
    stop();
    const event: LiveEvent = { kind: "session_changed", sessionId: principal.sessionId ?? "" };
    out.end(`event: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`);
  };
}

function rightsOf({ organisationId, roles, scopes }: Principal, scope: Scope): string {
  return JSON.stringify([organisationId, roles, scopes, scope]);
}

type Follower = { readonly out: ServerResponse; readonly stop: () => void; readonly principal: Principal };

function followSession(deps: EventsDeps, { out, stop, principal }: Follower): () => void {
  const sessionId = principal.sessionId ?? "";
  const close = (event: LiveEvent): void => {
    stop();
    out.end(`event: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`);
  };
  const follower = {
    ended: (because: keyof typeof sessionEnds) =>
      close({ kind: "session_ended", sessionId, says: sessionEnds[because] }),
    changed: () => close({ kind: "session_changed", sessionId }),
  };
  return deps.sessions?.follow(principal, follower) ?? (() => {});
}

function headersOf(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

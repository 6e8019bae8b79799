import type { ServerResponse } from "node:http";
import type { FastifyPluginAsync } from "fastify";
import { Type } from "typebox";
import type { LiveFeed } from "../platform/live-feed.ts";
import { problem } from "./problem.ts";
import { typed } from "./typed.ts";

export type EventsDeps = {
  readonly live: LiveFeed;
  readonly heartbeatMs?: number;
  readonly bufferBytesMax?: number;
  readonly readersMax?: number;
};

// 15 s: proxies commonly cut a silent connection after 30 to 60 s.
const heartbeatMsDefault = 15_000;
// A reader who is this far behind is not reading; he comes back with Last-Event-ID or gets `reset`.
const bufferBytesMaxDefault = 1024 * 1024;
const readersMaxDefault = 2000;

/**
 * `GET /api/v1/events`: server-sent events (WHATWG HTML 9.2). First comes `reset` where the reader's `Last-Event-ID` cannot be
 * resumed, else what he missed. A comment line keeps the connection alive. A reader that does not read is cut.
 */
export function eventsRoutes(deps: EventsDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    const readers = new Set<ServerResponse>();
    const heartbeat = setInterval(() => {
      for (const reader of readers) reader.write(": still here\n\n");
    }, deps.heartbeatMs ?? heartbeatMsDefault);
    heartbeat.unref();
    app.addHook("preClose", async () => {
      clearInterval(heartbeat);
      for (const reader of readers) reader.end();
    });
    const schema = {
      tags: ["events"],
      operationId: "streamEvents",
      summary: "Server-sent events: what changed",
      headers: Type.Object({ "last-event-id": Type.Optional(Type.String({ maxLength: 100 })) }),
      response: { 200: { description: "the stream", content: { "text/event-stream": { schema: Type.String() } } } },
    };
    app.get("/api/v1/events", { schema, exposeHeadRoute: false }, (request, reply) => {
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
      readers.add(out);
      const stop = stream(deps, { out, lastEventId: request.headers["last-event-id"] });
      out.on("close", () => {
        stop();
        readers.delete(out);
      });
    });
  };
}

function stream(deps: EventsDeps, reader: { readonly out: ServerResponse; readonly lastEventId: string | undefined }) {
  const { out, lastEventId } = reader;
  const bufferBytesMax = deps.bufferBytesMax ?? bufferBytesMaxDefault;
  const missed = lastEventId === undefined ? [] : deps.live.since(lastEventId);
  // 2 s: how long an EventSource waits before it comes back.
  out.write("retry: 2000\n\n");
  if (missed === null) out.write(`id: ${deps.live.lastId}\nevent: reset\ndata: {"kind":"reset"}\n\n`);
  else for (const frame of missed) out.write(frame.text);
  return deps.live.subscribe((frame) => {
    if (out.writableLength > bufferBytesMax) out.destroy();
    else out.write(frame.text);
  });
}

function headersOf(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

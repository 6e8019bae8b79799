import assert from "node:assert/strict";
import { request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import { test, type TestContext } from "node:test";
import { LiveFeed } from "../platform/live-feed.ts";
import { bearer, testServer } from "../testing/server.ts";
import type { ServerDeps } from "./server.ts";

const everybody = { organisationId: "home", siteId: null };
const event = (size: number) => ({ kind: "checkpoint" as const, size });

async function start(context: TestContext, events: NonNullable<ServerDeps["events"]> = {}, framesMax = 100) {
  const live = new LiveFeed({ epoch: "e", framesMax });
  const { app } = await testServer(context, { live, events });
  const address = await app.listen({ port: 0, host: "127.0.0.1" });
  const asked: ClientRequest[] = [];
  context.after(() => {
    for (const one of asked) one.destroy();
  });
  const open = async (headers: Record<string, string> = {}): Promise<IncomingMessage> => {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const one = httpRequest(`${address}/api/v1/events`, { agent: false, headers: { ...bearer, ...headers } }, resolve);
    one.on("error", reject);
    one.end();
    asked.push(one);
    return promise;
  };
  return { live, open };
}

/** Reads until the text that was looked for came. */
async function readUntil(answer: IncomingMessage, wanted: string): Promise<string> {
  let text = "";
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const take = (chunk: Buffer) => {
    text += chunk.toString("utf8");
    if (text.includes(wanted)) resolve(text);
  };
  answer.on("data", take);
  answer.on("end", () => reject(new Error(`ended without ${wanted}: ${text}`)));
  return promise.finally(() => answer.off("data", take));
}

test("S01 an event reaches every reader; heartbeats keep a silent connection alive", async (context) => {
  const { live, open } = await start(context, { heartbeatMs: 20 });
  const answers = await Promise.all(Array.from({ length: 20 }, () => open()));
  for (const answer of answers) {
    assert.match(String(answer.headers["content-type"]), /^text\/event-stream/);
    assert.equal(answer.headers["x-content-type-options"], "nosniff");
  }
  // Heartbeats may come before the event as well: a slow start must not fail this.
  const wanted = '\nevent: checkpoint\ndata: {"kind":"checkpoint","size":7}\n\n';
  const reading = answers.map((answer) => readUntil(answer, wanted));
  live.publish(event(7), everybody);
  await Promise.all(reading);
  await Promise.all(answers.map((answer) => readUntil(answer, ": still here")));
});

test("S01 Last-Event-ID goes on where the reader stopped, or says reset", async (context) => {
  const { live, open } = await start(context, {}, 3);
  const ids = [""];
  for (let at = 1; at <= 5; at += 1) {
    live.publish(event(at), everybody);
    ids.push(live.lastId);
  }
  const [, first = "", , third = "", fourth = "", fifth = ""] = ids;
  const resumed = await readUntil(await open({ "last-event-id": third }), fifth);
  assert.ok(resumed.includes(fourth) && !resumed.includes(third) && !resumed.includes("reset"));
  for (const lost of [first, "other-4", "nonsense"]) {
    const text = await readUntil(await open({ "last-event-id": lost }), '{"kind":"reset"}');
    assert.ok(text.includes(`id: ${fifth}\nevent: reset`), "the reader goes on from here");
  }
});

test("S01 a reader who does not read is cut, and the others are not held up", async (context) => {
  const { live, open } = await start(context, { bufferBytesMax: 64 * 1024 });
  const slow = await open();
  const quick = await open();
  slow.pause();
  const cut = new Promise<void>((resolve) => slow.on("close", resolve));
  const done = readUntil(quick, '"changed":["last"]');
  const big = "x".repeat(64 * 1024);
  for (let at = 0; at < 400 && live.readers === 2; at += 1) {
    live.publish({ kind: "sources", changed: [big] }, everybody);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(live.readers, 1, "the slow one is gone");
  live.publish({ kind: "sources", changed: ["last"] }, everybody);
  await done;
  slow.resume();
  await cut;
});

test("S01 more readers than the server takes are asked to come back", async (context) => {
  const { open } = await start(context, { readersMax: 1 });
  await open();
  const refused = await open();
  assert.deepEqual([refused.statusCode, refused.headers["retry-after"]], [503, "10"]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LiveFeed, type LiveFrame } from "./live-feed.ts";

const everybody = { organisationId: "home", siteId: null };
const event = (size: number) => ({ kind: "checkpoint" as const, size });

test("S01 a reader who comes back gets exactly what he missed, or is told to begin again", () => {
  fc.assert(
    fc.property(fc.nat(40), fc.nat(45), fc.integer({ min: 1, max: 10 }), (published, seen, framesMax) => {
      const feed = new LiveFeed({ epoch: "a-b", framesMax });
      const all: LiveFrame[] = [];
      feed.subscribe((frame) => all.push(frame));
      const ids = [feed.lastId];
      for (let at = 1; at <= published; at += 1) {
        feed.publish(event(at), everybody);
        ids.push(feed.lastId);
      }
      const missed = feed.since(ids[seen] ?? `a-b-${"0".repeat(32)}`);
      if (seen > published || published - seen > framesMax) assert.equal(missed, null);
      else assert.deepEqual(missed, all.slice(seen));
    }),
  );
});

test("S01 an id of another start, or none of ours, cannot be resumed", () => {
  const feed = new LiveFeed({ epoch: "now" });
  feed.publish(event(1), everybody);
  for (const id of ["before-1", "now-2", "now-", "now", "", "now--1", "now-1e3", "x".repeat(100)]) {
    assert.equal(feed.since(id), null, id);
  }
});

test("S01 the frame is made once and read as server-sent events; who left hears nothing", () => {
  const feed = new LiveFeed({ epoch: "e" });
  const heard: string[] = [];
  const stop = feed.subscribe((frame) => heard.push(frame.text));
  feed.publish(event(1), everybody);
  const first = feed.lastId;
  stop();
  feed.publish(event(2), everybody);
  assert.deepEqual(heard, [`id: ${first}\nevent: checkpoint\ndata: {"kind":"checkpoint","size":1}\n\n`]);
  assert.match(first, /^e-[0-9a-f]{32}$/);
  assert.equal(feed.readers, 0);
});

test("N09 S01 the number of an event does not tell how many there were", () => {
  const feed = new LiveFeed({ epoch: "e" });
  const ids = new Set<string>();
  for (let at = 1; at <= 50; at += 1) {
    feed.publish(event(at), everybody);
    ids.add(feed.lastId);
    assert.equal(feed.since(feed.lastId)?.length, 0);
  }
  assert.equal(ids.size, 50);
  assert.notDeepEqual([...ids], [...ids].toSorted());
});

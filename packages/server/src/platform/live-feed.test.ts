import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LiveFeed, type LiveFrame } from "./live-feed.ts";

const event = (size: number) => ({ kind: "checkpoint" as const, size });

test("S01 a reader who comes back gets exactly what he missed, or is told to begin again", () => {
  fc.assert(
    fc.property(fc.nat(40), fc.nat(45), fc.integer({ min: 1, max: 10 }), (published, seen, framesMax) => {
      const feed = new LiveFeed({ epoch: "a-b", framesMax });
      const all: LiveFrame[] = [];
      feed.subscribe((frame) => all.push(frame));
      for (let at = 1; at <= published; at += 1) feed.publish(event(at));
      const missed = feed.since(`a-b-${seen}`);
      if (seen > published || published - seen > framesMax) assert.equal(missed, null);
      else assert.deepEqual(missed, all.slice(seen));
    }),
  );
});

test("S01 an id of another start, or none of ours, cannot be resumed", () => {
  const feed = new LiveFeed({ epoch: "now" });
  feed.publish(event(1));
  for (const id of ["before-1", "now-2", "now-", "now", "", "now--1", "now-1e3", "x".repeat(100)]) {
    assert.equal(feed.since(id), null, id);
  }
});

test("S01 the frame is made once and read as server-sent events; who left hears nothing", () => {
  const feed = new LiveFeed({ epoch: "e" });
  const heard: string[] = [];
  const stop = feed.subscribe((frame) => heard.push(frame.text));
  feed.publish(event(1));
  stop();
  feed.publish(event(2));
  assert.deepEqual(heard, ['id: e-1\nevent: checkpoint\ndata: {"kind":"checkpoint","size":1}\n\n']);
  assert.equal(feed.readers, 0);
});

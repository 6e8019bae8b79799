import assert from "node:assert/strict";
import { test } from "node:test";
import { formatsOf } from "./zone-formats.ts";

const at = Date.parse("2026-11-20T23:30:15Z");

test("F08 a time of a shop is read by the shop's clock, wherever the reader sits", () => {
  const { clock, full } = formatsOf("Asia/Singapore");
  assert.equal(clock.format(at), "07:30:15");
  assert.match(full.format(at), /21.*07:30:15.*(GMT\+8|SGT)/, "the next day, and the zone is named");
  assert.equal(formatsOf("America/New_York").clock.format(at), "18:30:15");
});

test("F08 a zone that the browser does not know reads as this device's", () => {
  assert.equal(formatsOf("Mars/Olympus").clock.format(at), formatsOf(undefined).clock.format(at));
});

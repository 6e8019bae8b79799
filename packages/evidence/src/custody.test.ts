import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  auditLeaf,
  auditBodyDigest,
  parseAuditEntry,
  verifyAuditBody,
  verifyAuditLeaf,
  type AuditFields,
} from "./audit-entry.ts";
import { toHex, utf8, utf8Text } from "./bytes.ts";
import { canonicalBytes, type Json } from "./canonical-json.ts";
import { custodyActions, nextCustodyEntry, verifyCustodyChain, type CustodyEntry } from "./custody.ts";
import { pureHashing } from "./hashing.ts";
import { expectAccepted } from "./refusal.ts";

const { sha256 } = pureHashing;
const digest = toHex(sha256(utf8("film")));
const salt = new Uint8Array(32).fill(3);
const fields: AuditFields = {
  id: "b6b0b1c8-0d0e-4d36-9c52-7f1d64b2f4c1",
  at: "2026-11-20T10:00:00.000Z",
  kind: "incident.opened",
  actor: "machine",
  subject: { kind: "incident", id: "1" },
  because: "score_over_threshold",
};

function chainOf(length: number): CustodyEntry[] {
  const chain: CustodyEntry[] = [];
  for (let i = 0; i < length; i += 1) {
    const action = custodyActions[i % custodyActions.length] ?? "accessed";
    const at = new Date(Date.UTC(2026, 10, 20, 10, i)).toISOString();
    const words = { who: "person:1", what: "film", why: "case", authority: "policy:1" };
    chain.push(nextCustodyEntry(sha256, chain.at(-1), { exhibitId: "x", at, action, digest, ...words }));
  }
  return chain;
}

test("I04 a custody chain verifies and gives its head", () => {
  const chain = chainOf(10);
  const verified = verifyCustodyChain(sha256, chain);
  assert.equal(verified.ok && verified.value.head, toHex(sha256(canonicalBytes(chain.at(-1)))));
});

test("I04 any change of any entry but the last's is found at the entry after it", () => {
  const chain = chainOf(6);
  fc.assert(
    fc.property(
      fc.nat({ max: 4 }),
      fc.constantFrom("who", "what", "why", "authority"),
      fc.string({ minLength: 1 }),
      (at, field, text) => {
        fc.pre(chain[at] !== undefined && chain[at][field as "who"] !== text && text.isWellFormed());
        const changed = chain.map((entry, i) => (i === at ? { ...entry, [field]: text } : entry));
        const verified = verifyCustodyChain(sha256, changed);
        assert.deepEqual(
          [verified.ok, !verified.ok && verified.error.code, !verified.ok && verified.error.seq],
          [false, "custody_chain_broken", at + 1],
        );
      },
    ),
  );
});

const brokenChains: readonly {
  readonly says: string;
  readonly chain: readonly unknown[];
  readonly code: string;
  readonly seq: number;
}[] = [
  { says: "an entry left out", chain: chainOf(4).filter((_, i) => i !== 1), code: "custody_order_wrong", seq: 1 },
  { says: "two entries swapped", chain: [0, 2, 1].map((i) => chainOf(3)[i]), code: "custody_order_wrong", seq: 1 },
  { says: "no entry", chain: [], code: "custody_entry_malformed", seq: 0 },
  {
    says: "another exhibit's entry",
    chain: chainOf(2).map((entry, i) => ({ ...entry, exhibitId: `${i}` })),
    code: "custody_exhibit_mixed",
    seq: 1,
  },
  {
    says: "an unknown action",
    chain: chainOf(1).map((entry) => ({ ...entry, action: "lost" })),
    code: "custody_entry_malformed",
    seq: 0,
  },
  {
    says: "an additional field",
    chain: chainOf(1).map((entry) => ({ ...entry, note: "" })),
    code: "custody_entry_malformed",
    seq: 0,
  },
  {
    says: "a local time",
    chain: chainOf(1).map((entry) => ({ ...entry, at: "2026-11-20T10:00:00+01:00" })),
    code: "custody_entry_malformed",
    seq: 0,
  },
  {
    says: "a first entry with a predecessor",
    chain: chainOf(1).map((entry) => ({ ...entry, prev: digest })),
    code: "custody_chain_broken",
    seq: 0,
  },
  { says: "something else", chain: [null], code: "custody_entry_malformed", seq: 0 },
];
for (const { says, chain, code, seq } of brokenChains) {
  test(`I04 a custody chain with ${says} is refused at entry ${seq}`, () => {
    const verified = verifyCustodyChain(sha256, chain);
    assert.equal(verified.ok, false);
    assert.deepEqual(!verified.ok && [verified.error.code, verified.error.seq], [code, seq]);
  });
}

test("I04 an entry that would be refused is never made", () => {
  const words = { who: "", what: "film", why: "case", authority: "policy:1" };
  assert.throws(
    () => nextCustodyEntry(sha256, undefined, { exhibitId: "x", at: fields.at, action: "received", digest, ...words }),
    RangeError,
  );
});

test("I05 an audit leaf is the hash of the canonical header, and its body is under a salted digest", () => {
  const body = { z: 1, a: "token:7" };
  const leaf = expectAccepted(auditLeaf(sha256, { fields, body, salt }));
  const text = utf8Text(leaf.entryBytes);
  assert.equal(
    text,
    `{"actor":"machine","at":"2026-11-20T10:00:00.000Z","because":"score_over_threshold","body_digest":"${leaf.bodyDigest}",` +
      `"id":"${fields.id}","kind":"incident.opened","subject":{"id":"1","kind":"incident"},"v":1}`,
  );
  assert.equal(leaf.bodyDigest, toHex(sha256(Uint8Array.from([...salt, ...utf8('{"a":"token:7","z":1}')]))));
  assert.equal(toHex(leaf.leafHash), toHex(sha256(Uint8Array.from([0, ...leaf.entryBytes]))));
  assert.equal(verifyAuditLeaf(sha256, leaf.entryBytes, leaf.leafHash), true);
  assert.deepEqual(parseAuditEntry(leaf.entryBytes), { ok: true, value: leaf.header });
});

test("I05 a body or salt that differs in anything does not fit the entry", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.nat({ max: 31 }), (a, b, at) => {
      const [body, other] = [a as Json, b as Json];
      const leaf = expectAccepted(auditLeaf(sha256, { fields, body, salt }));
      assert.equal(verifyAuditBody(sha256, leaf.entryBytes, { body, salt }), true);
      const same = toHex(canonicalBytes(a)) === toHex(canonicalBytes(b));
      assert.equal(verifyAuditBody(sha256, leaf.entryBytes, { body: other, salt }), same);
      const wrongSalt = Uint8Array.from(salt);
      wrongSalt[at] = 9;
      assert.equal(verifyAuditBody(sha256, leaf.entryBytes, { body, salt: wrongSalt }), false);
    }),
  );
});

const badEntries: readonly (readonly [string, Partial<Record<keyof AuditFields, unknown>>])[] = [
  ["a time without milliseconds", { at: "2026-11-20T10:00:00Z" }],
  ["a time that does not exist", { at: "2026-02-30T10:00:00.000Z" }],
  ["no actor", { actor: "" }],
  ["no reason", { because: "" }],
];
for (const [says, change] of badEntries) {
  test(`I05 an audit entry with ${says} is refused`, () => {
    const made = auditLeaf(sha256, { fields: { ...fields, ...change } as AuditFields, body: null, salt });
    assert.equal(!made.ok && made.error.code, "audit_entry_malformed");
  });
}

test("I05 an entry too large for the log, a short salt and a body without JSON form are refused", () => {
  const large = auditLeaf(sha256, { fields: { ...fields, because: "x".repeat(65_536) }, body: null, salt });
  assert.equal(!large.ok && large.error.code, "audit_entry_too_large");
  const short = auditBodyDigest(sha256, null, salt.slice(1));
  assert.equal(!short.ok && short.error.code, "audit_salt_malformed");
  const odd = auditLeaf(sha256, { fields, body: Number.NaN, salt });
  assert.equal(!odd.ok && odd.error.code, "json_not_representable");
});

test("I05 an entry in another spelling or with another field is refused", () => {
  const leaf = expectAccepted(auditLeaf(sha256, { fields, body: null, salt }));
  assert.equal(parseAuditEntry(utf8(` ${utf8Text(leaf.entryBytes) ?? ""}`)).ok, false);
  assert.equal(parseAuditEntry(canonicalBytes({ ...leaf.header, name: "x" })).ok, false);
  assert.equal(parseAuditEntry(canonicalBytes({ ...leaf.header, v: 2 })).ok, false);
  assert.equal(parseAuditEntry(canonicalBytes([])).ok, false);
});

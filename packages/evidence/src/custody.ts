import { toHex } from "./bytes.ts";
import { canonicalBytes, canonicalJson, isJsonObject, type Json } from "./canonical-json.ts";
import { isInstant } from "./audit-entry.ts";
import type { Sha256 } from "./hashing.ts";
import { accepted, refused, type Refusal, type Result } from "./refusal.ts";

/** What can happen to an exhibit (after ISO/IEC 27037: every touch, with who, when, why and on what authority). */
export const custodyActions = [
  "captured",
  "received",
  "accessed",
  "copied",
  "derived",
  "released",
  "sealed",
  "verified",
  "moved",
  "erased",
] as const;
export type CustodyAction = (typeof custodyActions)[number];

export type CustodyFields = {
  readonly exhibitId: string;
  /** RFC 3339, UTC, milliseconds. */
  readonly at: string;
  /** Token of the person or device. */
  readonly who: string;
  readonly action: CustodyAction;
  readonly what: string;
  readonly why: string;
  /** On what authority: a policy, an order, a role. */
  readonly authority: string;
  /** Lower-case hex SHA-256 of the exhibit's plain bytes as they were then. */
  readonly digest: string;
};

/** One link. `seq` counts from 0 in each exhibit; `prev` is the digest of the entry before, null for the first. */
export type CustodyEntry = CustodyFields & { readonly seq: number; readonly prev: string | null };

export type CustodyRefusal = Refusal<
  "custody_entry_malformed" | "custody_chain_broken" | "custody_order_wrong" | "custody_exhibit_mixed"
> & { readonly seq: number };

/** Lower-case hex SHA-256 of the entry's canonical JSON: what the next entry's `prev` and the audit log hold. */
export function custodyDigest(sha256: Sha256, entry: CustodyEntry): string {
  return toHex(sha256(canonicalBytes(entry)));
}

/** The next link. `before` is the exhibit's last entry, undefined for its first. Throws if the entry would be refused. */
export function nextCustodyEntry(
  sha256: Sha256,
  before: CustodyEntry | undefined,
  fields: CustodyFields,
): CustodyEntry {
  const { exhibitId, at, who, action, what, why, authority, digest } = fields;
  const seq = before === undefined ? 0 : before.seq + 1;
  const prev = before === undefined ? null : custodyDigest(sha256, before);
  const entry: CustodyEntry = { seq, at, who, action, what, why, authority, exhibitId, digest, prev };
  const read = readEntry(entry);
  if (typeof read === "string") throw new RangeError(read);
  return read;
}

/**
 * Verifies one exhibit's chain, from its first entry, in order. Takes outside data; the refusal's `seq` is the position of the
 * first broken entry. An empty chain is refused: every exhibit was captured or received once.
 */
export function verifyCustodyChain(
  sha256: Sha256,
  entries: readonly unknown[],
): Result<{ readonly entries: readonly CustodyEntry[]; readonly head: string }, CustodyRefusal> {
  let before: CustodyEntry | undefined;
  let head: string | null = null;
  const good: CustodyEntry[] = [];
  for (const [seq, value] of entries.entries()) {
    const entry = readEntry(value);
    if (typeof entry === "string") return broken("custody_entry_malformed", seq, entry);
    if (entry.seq !== seq)
      return broken("custody_order_wrong", seq, `custody entry ${seq} carries the number ${entry.seq}`);
    if (before !== undefined && entry.exhibitId !== before.exhibitId) {
      return broken("custody_exhibit_mixed", seq, `custody entry ${seq} belongs to another exhibit`);
    }
    if (entry.prev !== head) {
      return broken("custody_chain_broken", seq, `custody entry ${seq} does not follow the entry before it`);
    }
    head = custodyDigest(sha256, entry);
    good.push(entry);
    before = entry;
  }
  if (head === null) return broken("custody_entry_malformed", 0, "the exhibit has no custody entry");
  return accepted({ entries: good, head });
}

function broken(code: CustodyRefusal["code"], seq: number, says: string): { ok: false; error: CustodyRefusal } {
  const refusal = refused(code, says);
  return { ok: false, error: { ...refusal.error, seq } };
}

const names = ["action", "at", "authority", "digest", "exhibitId", "prev", "seq", "what", "who", "why"].join();

/** Reads an entry from outside: exactly our fields, each of its form. A text instead of an entry says what is wrong. */
function readEntry(value: unknown): CustodyEntry | string {
  if (!isJsonObject(value) || Object.keys(value).sort().join() !== names) return `a custody entry has exactly ${names}`;
  const { seq, at, who, action, what, why, authority, exhibitId, digest, prev } = value;
  if (!isText(who) || !isText(what) || !isText(why) || !isText(authority) || !isText(exhibitId)) {
    return "who, what, why, authority or exhibitId of the custody entry is not a text";
  }
  if (!isText(at) || !isInstant(at)) return "the custody entry's time is not RFC 3339 in UTC with milliseconds";
  const known = custodyActions.find((one) => one === action);
  if (known === undefined) return `the custody action ${textOf(action)} is unknown`;
  if (!isHexDigest(digest)) return "the custody entry's digest is not hex SHA-256";
  if (prev !== null && !isHexDigest(prev)) return "the custody entry's prev is not hex SHA-256";
  if (typeof seq !== "number" || !Number.isSafeInteger(seq)) return "the custody entry's seq is not a whole number";
  const entry = { seq, at, who, action: known, what, why, authority, exhibitId, digest, prev };
  return canonicalJson(entry).ok ? entry : "the custody entry has no canonical form";
}

function isText(value: Json | undefined): value is string {
  return typeof value === "string" && value !== "";
}

function isHexDigest(value: Json | undefined): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 40)) : typeof value;
}

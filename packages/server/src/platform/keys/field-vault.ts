import { createHmac, hkdfSync } from "node:crypto";
import { sql } from "kysely";
import { replaceSealedTexts, sealedTextsIn } from "@tillwatch/wire";
import type { Chance } from "../chance.ts";
import type { Executor } from "../database/database.ts";
import { KeyFault } from "./key-fault.ts";
import type { MasterKey } from "./keys.ts";
import { nodeAead } from "./node-crypto.ts";
import { asMachine } from "../database/scoped.ts";

export class FieldFault extends Error {
  override readonly name = "FieldFault";
  readonly code:
    "sealed_field_malformed" | "sealed_field_altered" | "sealed_field_key_unknown" | "vault_master_key_wrong";

  constructor(code: FieldFault["code"], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** A text of somebody: `subject` names whose key seals it, and so with whom it is erased. */
export type SubjectText = { readonly subject: string; readonly text: string };

type KeyRow = { readonly id: string; readonly subject: string; readonly wrapped: string | null };
type LivingKey = { readonly id: string; readonly subject: string; readonly key: Uint8Array };
type VaultDeps = { readonly master: MasterKey; readonly chance: Chance };

const keyBytes = 32;
const keyIdBytes = 16;
const nonceBytes = 12;
const tagBytes = 16;
const form = /^tw1\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{39,})$/;
export const sealedPrefix = "tw1.";

/**
 * Text of people at rest: AES-256-GCM under a key of its subject, which the master key wraps (docs/formats/sealed-fields.md). The
 * sealed form is one printable string, `tw1.<key id>.<base64url>`, and fits wherever the text stood.
 *
 * Every opening asks the database for the key, in one query a call, so that a purge by any process holds from its commit on; there is no
 * cache that could go on opening. Broken worlds throw a FieldFault.
 */
export class FieldVault {
  readonly #master: MasterKey;
  readonly #chance: Chance;
  readonly #root: Uint8Array;
  readonly #indexKeys = new Map<string, Uint8Array>();

  constructor(deps: VaultDeps, root: Uint8Array) {
    this.#master = deps.master;
    this.#chance = deps.chance;
    this.#root = root;
  }

  /** Whether `text` has the sealed form. Text from outside that happens to look so MUST be sealed like any other. */
  isSealed(text: string): boolean {
    return text.startsWith(sealedPrefix) && form.test(text);
  }

  async seal<S>(tx: Executor<S>, subject: string, text: string): Promise<string> {
    const [sealed] = await this.sealMany(tx, [{ subject, text }]);
    if (sealed === undefined) throw new Error("one text gives one sealed form");
    return sealed;
  }

  /**
   * Sealed forms in order. Makes the key of a subject that has none; holds the keys until the transaction ends, so that a purge cannot
   * come between. Two queries a call where keys are new, one where they exist, none for no rows.
   */
  async sealMany<S>(tx: Executor<S>, rows: readonly SubjectText[]): Promise<readonly string[]> {
    if (rows.length === 0) return [];
    const subjects = [...new Set(rows.map((row) => row.subject))];
    const keys = await asMachine(tx, (machine) => this.#keysFor(machine, subjects));
    return rows.map(({ subject, text }) => {
      const key = keys.get(subject);
      if (key === undefined) throw new Error(`no key was made for subject ${subject}`);
      const nonce = this.#chance.bytes(nonceBytes);
      const sealed = nodeAead.seal({ key: key.key, nonce, aad: aadOf(key), plain: plainOf(text) });
      return `${sealedPrefix}${key.id}.${Buffer.concat([nonce, sealed]).toString("base64url")}`;
    });
  }

  /** The text; null: its subject was purged. Throws FieldFault for what is not in sealed form, was altered, or has no key here. */
  async open<S>(db: Executor<S>, sealed: string): Promise<string | null> {
    const [text] = await this.openMany(db, [sealed]);
    return text ?? null;
  }

  /** As `open`, in order, with one query. */
  async openMany<S>(db: Executor<S>, sealed: readonly string[]): Promise<readonly (string | null)[]> {
    return (await this.#openEach(db, sealed)).map((text) => {
      if (text instanceof FieldFault) throw text;
      return text;
    });
  }

  /** As `openMany`, of columns that held plain text before there was a vault: what is not sealed is answered as it is. */
  async openKept<S>(db: Executor<S>, kept: readonly string[]): Promise<readonly (string | null)[]> {
    const sealed = kept.filter((text) => this.isSealed(text));
    const opened = (await this.openMany(db, sealed)).values();
    return kept.map((text) => (this.isSealed(text) ? (opened.next().value ?? null) : text));
  }

  /**
   * `text` with every sealed text in it opened, as it stands or inside a sentence; `quoted` says how a text is put in. One query, none where
   * nothing is sealed. For readers: what was purged reads "[erased]", what does not open "[damaged]", and the rest is read all the same.
   */
  async openWithin<S>(db: Executor<S>, text: string, quoted: (text: string) => string = asItIs): Promise<string> {
    const sealed = sealedTextsIn(text);
    if (sealed.length === 0) return text;
    const opened = await this.texts(db, sealed);
    return replaceSealedTexts(text, (one) => quoted(opened.get(one) ?? damagedText));
  }

  /** The same for every string of a JSON value. */
  async openJson<S, T extends object>(db: Executor<S>, value: T): Promise<T> {
    const text = JSON.stringify(value);
    const opened = await this.openWithin(db, text, quotedInJson);
    return opened === text ? value : (JSON.parse(opened) as T);
  }

  /** What readers see of each of these, by its sealed form. */
  async texts<S>(db: Executor<S>, sealed: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const distinct = [...new Set(sealed)];
    const opened = await this.#openEach(db, distinct);
    return new Map(
      distinct.map((one, at) => {
        const text = opened[at] ?? null;
        return [one, text === null ? erasedText : text instanceof FieldFault ? damagedText : text];
      }),
    );
  }

  async #openEach<S>(db: Executor<S>, sealed: readonly string[]): Promise<readonly (string | null | FieldFault)[]> {
    if (sealed.length === 0) return [];
    const parts = sealed.map((one) => faultOr(() => partsOf(one)));
    const ids = [...new Set(parts.flatMap((part) => (part instanceof FieldFault ? [] : [part.keyId])))];
    const { rows } = await asMachine(db, (machine) =>
      sql<KeyRow>`
        select id, subject, encode(wrapped_key, 'hex') as wrapped from vault_key where id = any(${ids}::text[])`.execute(
        machine,
      ),
    );
    const keys = new Map<string, LivingKey | null | FieldFault>();
    for (const row of rows) keys.set(row.id, await faultOfPromise(this.#unwrap(row)));
    return parts.map((part) => {
      if (part instanceof FieldFault) return part;
      const key = keys.get(part.keyId);
      if (key === undefined) return new FieldFault("sealed_field_key_unknown", `there is no key ${part.keyId} here`);
      return key === null || key instanceof FieldFault ? key : faultOr(() => openBytes(key, part.bytes));
    });
  }

  /**
   * A keyed digest of `text` to find equal texts by, without telling them: HMAC-SHA-256 (32 bytes) under a key of `use` alone. The caller
   * normalises. It survives rotation of the master key.
   */
  blindIndex(use: string, text: string): Uint8Array {
    let key = this.#indexKeys.get(use);
    if (key === undefined) {
      if (this.#indexKeys.size >= 100) throw new Error("uses of blind indexes are names in the code, not data");
      key = new Uint8Array(hkdfSync("sha256", this.#root, "", `tillwatch/blind-index/v1/${use}`, keyBytes));
      this.#indexKeys.set(use, key);
    }
    return new Uint8Array(createHmac("sha256", key).update(text, "utf8").digest());
  }

  /**
   * Destroys the subject's key: whatever was sealed under it is erased from the commit on, everywhere. False: there was none. `because` is
   * kept in clear; the entry in the audit record is the caller's.
   */
  async purge<S>(tx: Executor<S>, subject: string, because: string): Promise<boolean> {
    const { rows } = await asMachine(tx, (machine) =>
      sql<{ id: string }>`
        update vault_key set wrapped_key = null, master_key_id = null, purged_at = now(), purged_because = ${because}
        where subject = ${subject} and wrapped_key is not null returning id`.execute(machine),
    );
    return rows.length > 0;
  }

  async #keysFor<S>(tx: Executor<S>, subjects: readonly string[]): Promise<ReadonlyMap<string, LivingKey>> {
    const keys = new Map<string, LivingKey>();
    // Another process may purge between making and reading; the next turn makes a new key.
    for (let turn = 0; turn < 3; turn += 1) {
      const missing = subjects.filter((subject) => !keys.has(subject));
      if (missing.length === 0) return keys;
      if (turn > 0) await this.#make(tx, missing);
      const { rows } = await sql<KeyRow>`
        select id, subject, encode(wrapped_key, 'hex') as wrapped from vault_key
        where subject = any(${missing}::text[]) and wrapped_key is not null order by subject for share`.execute(tx);
      for (const row of rows) {
        const key = await this.#unwrap(row);
        if (key !== null) keys.set(row.subject, key);
      }
    }
    return keys;
  }

  // In the order of subjects: two transactions that make the same keys must not wait for each other.
  async #make<S>(tx: Executor<S>, subjects: readonly string[]): Promise<void> {
    const made: { id: string; subject: string; wrapped: string }[] = [];
    for (const subject of subjects.toSorted()) {
      const id = Buffer.from(this.#chance.bytes(keyIdBytes)).toString("base64url");
      const wrapped = await this.#master.wrap(this.#chance.bytes(keyBytes), wrapName({ id, subject }));
      made.push({ id, subject, wrapped: Buffer.from(wrapped).toString("hex") });
    }
    await sql`
      insert into vault_key (id, subject, wrapped_key, master_key_id)
      select id, subject, decode(wrapped, 'hex'), ${this.#master.id}
      from json_to_recordset(${JSON.stringify(made)}::json) as k (id text, subject text, wrapped text) order by subject
      on conflict (subject) where wrapped_key is not null do nothing`.execute(tx);
  }

  async #unwrap(row: KeyRow): Promise<LivingKey | null> {
    if (row.wrapped === null) return null;
    const { id, subject } = row;
    try {
      return { id, subject, key: await this.#master.unwrap(Buffer.from(row.wrapped, "hex"), wrapName(row)) };
    } catch (fault) {
      if (!(fault instanceof KeyFault)) throw fault;
      throw new FieldFault(
        "sealed_field_altered",
        `the key ${id} of ${subject} was altered, or is of another subject`,
        fault,
      );
    }
  }
}

/** What readers see in place of a text whose subject was purged, and of one that does not open. */
export const erasedText = "[erased]";
const damagedText = "[damaged]";

function asItIs(text: string): string {
  return text;
}

/** As it stands between the quotes of a JSON string. */
export function quotedInJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function faultOr<T>(run: () => T): T | FieldFault {
  try {
    return run();
  } catch (fault) {
    if (fault instanceof FieldFault) return fault;
    throw fault;
  }
}

function faultOfPromise<T>(running: Promise<T>): Promise<T | FieldFault> {
  return running.catch((fault: unknown) => {
    if (fault instanceof FieldFault) return fault;
    throw fault;
  });
}

/** What the root and a subject's key are bound to where the master key wraps them. */
export const rootName = "vault-root";

/**
 * Opens the vault, or makes its root secret in a database that has none. Throws FieldFault `vault_master_key_wrong` where the master key
 * is not the one that this database was sealed with: better at the start than at the first reading.
 */
export async function openFieldVault<S>(db: Executor<S>, deps: VaultDeps): Promise<FieldVault> {
  const wrapped = await rootOf(db, deps);
  try {
    return new FieldVault(deps, await deps.master.unwrap(Buffer.from(wrapped.key, "hex"), rootName));
  } catch (fault) {
    if (!(fault instanceof KeyFault)) throw fault;
    throw wrongMasterKey(wrapped.master, deps.master.id, fault);
  }
}

export function wrongMasterKey(sealedUnder: string, given: string, cause?: unknown): FieldFault {
  return new FieldFault(
    "vault_master_key_wrong",
    `the database was sealed under master key ${sealedUnder}, but keys/master.key holds ${given}: put the file back that belongs to this database`,
    cause,
  );
}

async function rootOf<S>(db: Executor<S>, { master, chance }: VaultDeps): Promise<{ key: string; master: string }> {
  const known = await readRoot(db);
  if (known !== undefined) return known;
  const wrapped = await master.wrap(chance.bytes(keyBytes), rootName);
  await sql`
    insert into vault_root (wrapped_key, master_key_id) values (${Buffer.from(wrapped)}, ${master.id})
    on conflict (id) do nothing`.execute(db);
  // Another process that starts at the same moment may have been first; its root is the root.
  const made = await readRoot(db);
  if (made === undefined) throw new Error("the root of the vault vanished while it was made");
  return made;
}

async function readRoot<S>(db: Executor<S>): Promise<{ key: string; master: string } | undefined> {
  const { rows } = await sql<{ key: string; master: string }>`
    select encode(wrapped_key, 'hex') as key, master_key_id as master from vault_root`.execute(db);
  return rows[0];
}

export function wrapName({ id, subject }: { readonly id: string; readonly subject: string }): string {
  return `vault:${id}:${subject}`;
}

function aadOf({ id, subject }: LivingKey): Uint8Array {
  return Buffer.from(`tillwatch/sealed-field/v1\n${id}\n${subject}`, "utf8");
}

function partsOf(sealed: string): { readonly keyId: string; readonly bytes: Buffer } {
  const found = form.exec(sealed);
  const [keyId, text] = [found?.[1], found?.[2]];
  const bytes = Buffer.from(text ?? "", "base64url");
  if (keyId === undefined || bytes.length < nonceBytes + 1 + tagBytes || bytes.toString("base64url") !== text) {
    throw new FieldFault("sealed_field_malformed", "the text does not have the form tw1.<key id>.<base64url>");
  }
  return { keyId, bytes };
}

function openBytes(key: LivingKey, bytes: Buffer): string {
  const [nonce, sealed] = [bytes.subarray(0, nonceBytes), bytes.subarray(nonceBytes)];
  const plain = nodeAead.open({ key: key.key, nonce, aad: aadOf(key), sealed });
  const [encoding, text] = [plain?.[0], plain?.subarray(1)];
  if (text === undefined || encoding === undefined) {
    throw new FieldFault("sealed_field_altered", `a text sealed under key ${key.id} was altered or cut off`);
  }
  return Buffer.from(text).toString(encoding === asUtf16 ? "utf16le" : "utf8");
}

const asUtf8 = 0;
const asUtf16 = 1;

/** A byte that names the encoding, then the text. JSON may bring halves of surrogate pairs, which UTF-8 cannot hold. */
function plainOf(text: string): Uint8Array {
  return text.isWellFormed()
    ? Buffer.concat([Buffer.of(asUtf8), Buffer.from(text, "utf8")])
    : Buffer.concat([Buffer.of(asUtf16), Buffer.from(text, "utf16le")]);
}

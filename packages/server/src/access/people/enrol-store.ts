import type { Tx } from "../../schema.ts";
import type { Account } from "./account.ts";
import {
  enrolmentOf,
  insertPasskey,
  removePasskey,
  passkeysOf,
  removePassword,
  removeTotp,
  saveEnrolment,
  savePassword,
  saveRecoveryCodes,
  saveTotp,
  spendChallenge,
} from "./factor-store.ts";
import type { Registered } from "./passkey.ts";
import { recordPeople, type PeopleDeps } from "./people-deps.ts";
import { digestOfRecoveryCode, makeRecoveryCodes } from "./recovery-code.ts";
import { base32, bytesOfBase32, stepOfCode, totpSecretBytes, totpUri } from "./totp.ts";

export type Person = Pick<Account, "id" | "token" | "organisationId">;

const enrolmentLivesMs = 30 * 60_000;

/** Makes a secret for an authenticator app and keeps it aside until a code proves that the app has it. Shown once. */
export async function beginTotp(
  tx: Tx,
  person: Person,
  given: { readonly login: string; readonly deps: PeopleDeps },
): Promise<{ readonly secret: string; readonly uri: string }> {
  const { deps, login } = given;
  const secret = base32(deps.chance.bytes(totpSecretBytes));
  const sealed = await deps.vault.seal(tx, person.token, secret);
  await saveEnrolment(tx, person.id, { secret: sealed, expiresAtMs: deps.clock() + enrolmentLivesMs });
  return { secret, uri: totpUri(secret, login) };
}

/** The step that a first code proves, and the sealed secret; null: no secret waits, or the code is not of it. */
export async function provenEnrolment(
  tx: Tx,
  person: Person,
  given: { readonly code: string; readonly deps: PeopleDeps },
): Promise<{ readonly secret: string; readonly step: number } | null> {
  const { deps, code } = given;
  const nowMs = deps.clock();
  const sealed = await enrolmentOf(tx, person.id, nowMs);
  const secret = sealed === null ? null : await deps.vault.open(tx, sealed);
  if (sealed === null || secret === null) return null;
  const step = stepOfCode(bytesOfBase32(secret), code.replace(/\s/g, ""), { nowMs, lastStep: 0 });
  return step === null ? null : { secret: sealed, step };
}

/**
 * Password and code together, for neither is one without the other; answers new recovery codes. null: the code does not prove the secret
 * that was shown.
 */
export async function setPasswordAndTotp(
  tx: Tx,
  person: Person,
  given: { readonly phc: string; readonly code: string; readonly deps: PeopleDeps },
): Promise<readonly string[] | null> {
  const { deps, phc } = given;
  const proven = await provenEnrolment(tx, person, given);
  if (proven === null) return null;
  const nowMs = deps.clock();
  await savePassword(tx, person.id, { phc, nowMs });
  await saveTotp(tx, person.id, { secret: proven.secret, lastStep: proven.step, nowMs });
  await note(tx, person, { kind: "account.password_set", because: "chose a password and an authenticator app", deps });
  return newRecoveryCodes(tx, person, deps);
}

/** Puts ten new recovery codes in the place of all earlier ones, and answers them: they are kept as digests. */
export async function newRecoveryCodes(tx: Tx, person: Person, deps: PeopleDeps): Promise<readonly string[]> {
  const codes = makeRecoveryCodes(deps.chance);
  const sha256s = codes.map((code) => digestOfRecoveryCode(code) ?? "");
  await saveRecoveryCodes(tx, person.id, { sha256s, nowMs: deps.clock() });
  await note(tx, person, { kind: "account.recovery_codes_made", because: "earlier codes open nothing any more", deps });
  return codes;
}

export type NewPasskey = {
  readonly registered: Registered;
  readonly name: string;
  readonly challenge: { readonly sha256: string; readonly expiresAtMs: number };
};

/** False: the challenge was answered before, or the authenticator's credential is known here already. */
export async function addPasskey(
  tx: Tx,
  person: Person,
  given: { readonly passkey: NewPasskey; readonly deps: PeopleDeps },
): Promise<boolean> {
  const { passkey, deps } = given;
  if (!(await spendChallenge(tx, passkey.challenge.sha256, passkey.challenge.expiresAtMs))) return false;
  const name = await deps.vault.seal(tx, person.token, passkey.name);
  const createdAt = new Date(deps.clock());
  const row = { ...passkey.registered, id: deps.chance.uuid(), accountId: person.id, name, createdAt };
  if (!(await insertPasskey(tx, row))) return false;
  await note(tx, person, { kind: "account.passkey_added", because: "a person added it", deps });
  return true;
}

/** Takes every earlier way to sign in away: whoever has the lost phone has nothing. */
export async function forgetFactors(tx: Tx, person: Person): Promise<void> {
  for (const passkey of await passkeysOf(tx, person.id)) await removePasskey(tx, person.id, passkey.id);
  await removePassword(tx, person.id);
  await removeTotp(tx, person.id);
  await saveRecoveryCodes(tx, person.id, { sha256s: [], nowMs: 0 });
}

async function note(
  tx: Tx,
  person: Person,
  what: { readonly kind: string; readonly because: string; readonly deps: PeopleDeps },
): Promise<void> {
  const { kind, because, deps } = what;
  const { id, token, organisationId } = person;
  await recordPeople(tx, [{ kind, actor: token, accountId: id, organisationId, because, body: {} }], deps);
}

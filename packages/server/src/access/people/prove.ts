import type { Static } from "typebox";
import { Type } from "typebox";
import type { DbOrTx } from "../../schema.ts";
import type { Account } from "./account.ts";
import { accountById } from "./account-store.ts";
import {
  passkeyByCredential,
  spendChallenge,
  takeRecoveryCode,
  takeTotpStep,
  totpOf,
  usePasskey,
  type Passkey,
} from "./factor-store.ts";
import { accountOfHandle, provenCounter, readChallenge, type ChallengeFor, type PasskeySite } from "./passkey.ts";
import type { PeopleDeps } from "./people-deps.ts";
import { digestOfRecoveryCode } from "./recovery-code.ts";
import { bytesOfBase32, stepOfCode } from "./totp.ts";

const encoded = (charsMax: number) => Type.String({ maxLength: charsMax });

/** What a browser's `PublicKeyCredential.toJSON()` gives after `get`. The library judges what is in it; here it is only kept small. */
export const assertionShape = Type.Object({
  id: encoded(2_000),
  rawId: encoded(2_000),
  type: Type.Literal("public-key"),
  response: Type.Object({
    clientDataJSON: encoded(10_000),
    authenticatorData: encoded(10_000),
    signature: encoded(10_000),
    userHandle: Type.Optional(encoded(200)),
  }),
  clientExtensionResults: Type.Object({}),
});

export const attestationShape = Type.Object({
  id: encoded(2_000),
  rawId: encoded(2_000),
  type: Type.Literal("public-key"),
  response: Type.Object({
    clientDataJSON: encoded(10_000),
    attestationObject: encoded(50_000),
    transports: Type.Optional(Type.Array(Type.String({ maxLength: 40 }), { maxItems: 10 })),
  }),
  clientExtensionResults: Type.Object({}),
});

/** The account and passkey that an answer proves; null: it proves nothing. A challenge is good once, also for two at this very moment. */
export async function provenByPasskey(
  db: DbOrTx,
  given: { readonly response: Static<typeof assertionShape>; readonly to: ChallengeFor; readonly site: PasskeySite },
  deps: PeopleDeps,
): Promise<{ readonly account: Account; readonly passkey: Passkey } | null> {
  const { response, to, site } = given;
  const nowMs = deps.clock();
  const passkey = await passkeyByCredential(db, response.id);
  if (passkey === null) return null;
  const handle = response.response.userHandle;
  if (handle !== undefined && accountOfHandle(handle) !== passkey.accountId) return null;
  if (to.accountId !== null && to.accountId !== passkey.accountId) return null;
  let spend: ReturnType<typeof readChallenge> = null;
  const expected = (challenge: string): boolean => {
    spend = readChallenge(challenge, to, { vault: deps.vault, nowMs });
    return spend !== null;
  };
  const counter = await provenCounter(site, { response, passkey }, expected);
  if (counter === null || !(await spent(db, spend))) return null;
  if (!(await usePasskey(db, passkey.id, { counter, nowMs }))) return null;
  const account = await accountById(db, passkey.accountId);
  return account === null ? null : { account, passkey };
}

/** Takes a challenge that was read; false: none was, or it was answered before. */
export async function spent(db: DbOrTx, challenge: { sha256: string; expiresAtMs: number } | null): Promise<boolean> {
  return challenge !== null && (await spendChallenge(db, challenge.sha256, challenge.expiresAtMs));
}

export type CodeProof = "totp" | "recovery_code";

/** Whether six digits of the authenticator app, or a recovery code, prove the account; what is taken is spent. */
export async function provenByCode(
  db: DbOrTx,
  accountId: string,
  given: { readonly code: string; readonly deps: PeopleDeps },
): Promise<CodeProof | null> {
  const { deps } = given;
  const code = given.code.trim();
  const nowMs = deps.clock();
  const sha256 = digestOfRecoveryCode(code);
  if (sha256 !== null) return (await takeRecoveryCode(db, accountId, { sha256, nowMs })) ? "recovery_code" : null;
  const totp = await totpOf(db, accountId);
  if (totp === null) return null;
  const secret = await deps.vault.open(db, totp.secret);
  if (secret === null) return null;
  const step = stepOfCode(bytesOfBase32(secret), code.replace(/\s/g, ""), { nowMs, lastStep: totp.lastStep });
  return step !== null && (await takeTotpStep(db, accountId, step)) ? "totp" : null;
}

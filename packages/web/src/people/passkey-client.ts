import {
  browserSupportsWebAuthn,
  startAuthentication,
  startRegistration,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
} from "@simplewebauthn/browser";
import type { Problem } from "@tillwatch/wire";
import { ApiProblem } from "../api/request.ts";
import type { SignInWays } from "./people-shapes.ts";

/** Why passkeys do not work on this page, in a sentence; null: they do. */
export function passkeysMissing(ways: SignInWays): { readonly says: string; readonly goTo: string | null } | null {
  const { passkeys, origin } = ways;
  if (passkeys.kind === "impossible") {
    const says =
      passkeys.because === "needs_name"
        ? "Passkeys need a server with a name; this one is at a number."
        : "Passkeys need https; this server has none.";
    return { says, goTo: null };
  }
  if (globalThis.location.origin !== origin) {
    return { says: `Passkeys belong to the address ${origin}; this page is at another.`, goTo: origin };
  }
  if (!browserSupportsWebAuthn()) return { says: "This browser has no passkeys.", goTo: null };
  return null;
}

/** Asks the authenticator to sign `options`. Throws an ApiProblem whose sentence is for the person. */
export async function answerByPasskey(options: unknown) {
  try {
    return await startAuthentication({ optionsJSON: options as PublicKeyCredentialRequestOptionsJSON });
  } catch (fault) {
    throw passkeyProblem(fault);
  }
}

/** Asks the authenticator to make a passkey. Throws an ApiProblem whose sentence is for the person. */
export async function makePasskey(options: unknown) {
  try {
    return await startRegistration({ optionsJSON: options as PublicKeyCredentialCreationOptionsJSON });
  } catch (fault) {
    throw passkeyProblem(fault);
  }
}

/** What browsers throw is the same for "cancelled", "timed out" and "no such passkey", by design: so one sentence for all. */
function passkeyProblem(fault: unknown): ApiProblem {
  const known = fault instanceof Error && fault.name === "InvalidStateError";
  const problem: Problem = {
    type: "https://tillwatch.org/errors#web_passkey_cancelled",
    title: known ? "Already added" : "No passkey was used",
    status: 0,
    code: "web_passkey_cancelled",
    detail: known
      ? "This device holds a passkey for your account already."
      : "The device did not answer: it was cancelled, took too long, or holds no passkey for this address.",
    remedy: "Try again, or use another way.",
  };
  return new ApiProblem(problem);
}

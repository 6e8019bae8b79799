import type { JsonObject } from "@tillwatch/wire";
import { unreachable } from "@tillwatch/wire";
import { problem, type HttpProblem } from "../../api/problem.ts";
import type { DbOrTx, Tx } from "../../schema.ts";
import type { Principal, Role } from "../principal.ts";
import { accountById, accountForUpdate, hasOtherAdministrator, updateAccount } from "./account-store.ts";
import type { Account, AccountState } from "./account.ts";
import { dropLinks, makeLink } from "./one-time-link-store.ts";
import { recordPeople, type PeopleDeps } from "./people-deps.ts";
import { endSessions } from "./person-session-store.ts";

/** Why an account is changed: a closed list, because a sentence about a person would be personal data on the record. */
export const accountReasons = [
  "joined",
  "role_changed",
  "place_changed",
  "on_leave",
  "back",
  "left",
  "lost_device",
  "misuse_suspected",
  "mistake",
] as const;

export type AskedChange = {
  readonly id: string;
  readonly by: Principal;
  readonly kind: "account.changed" | "account.suspended" | "account.resumed" | "account.ended";
  readonly because: string;
  readonly version: number | null; // null: whatever it is now
  readonly to: {
    readonly roles?: readonly Role[];
    readonly sites?: readonly string[] | null;
    readonly regions?: readonly string[] | null;
  };
};

/**
 * Changes an account of the asker's organisation, on the record; open sessions obey at once, and end where the account may not act any
 * more. Nobody changes the own account: rights come from somebody else. An organisation keeps an administrator.
 */
export async function changeAccount(asked: AskedChange, deps: PeopleDeps): Promise<void> {
  await deps.db.transaction().execute(async (tx) => {
    const account = await heldAccount(tx, asked);
    if (asked.version !== null && asked.version !== account.version) {
      throw problem(409, "account_changed_meanwhile", "somebody else changed this account meanwhile", {
        remedy: "Read it again, then decide.",
      });
    }
    if (asked.kind === "account.changed" && account.origin !== "local") throw managedElsewhere();
    const state = nextState(asked.kind, account.state);
    const change = { ...account, ...asked.to, state, because: asked.because };
    const acts = state === "active" && change.roles.includes("administrator");
    if (isActing(account) && !acts && !(await hasOtherAdministrator(tx, account))) throw lastAdministrator();
    const nowMs = deps.clock();
    await updateAccount(tx, account.id, { change, nowMs });
    if (state === "suspended" || state === "ended") {
      await dropLinks(tx, account.id);
      await endSessions(tx, { accountId: account.id }, { because: state, nowMs });
    }
    await note(tx, { ...asked, account, body: { ...asked.to } }, deps);
  });
  await deps.watch.check();
}

function nextState(kind: AskedChange["kind"], from: AccountState): AccountState {
  switch (kind) {
    case "account.changed":
      if (from === "ended") throw wrongState(from);
      return from;
    case "account.suspended":
      if (from !== "active" && from !== "invited") throw wrongState(from);
      return "suspended";
    case "account.resumed":
      if (from !== "suspended") throw wrongState(from);
      return "active";
    case "account.ended":
      if (from === "ended") throw wrongState(from);
      return "ended";
    default:
      return unreachable(kind);
  }
}

function isActing({ state, roles }: Pick<Account, "state" | "roles">): boolean {
  return state === "active" && roles.includes("administrator");
}

/** A link for who lost the first one, or every way to sign in: then the earlier ways go when it is used. */
export async function newLink(
  asked: { readonly id: string; readonly by: Principal; readonly because: string },
  deps: PeopleDeps,
): Promise<{ readonly secret: string; readonly expiresAtMs: number }> {
  return deps.db.transaction().execute(async (tx) => {
    const account = await heldAccount(tx, asked);
    if (account.origin !== "local") throw managedElsewhere();
    if (account.state !== "invited" && account.state !== "active") throw wrongState(account.state);
    const use = account.state === "invited" ? ("invitation" as const) : ("recovery" as const);
    await note(tx, { ...asked, account, kind: "account.link_made", body: { use } }, deps);
    return makeLink(tx, { accountId: account.id, use, by: asked.by.token, nowMs: deps.clock() }, deps.chance);
  });
}

/** Ends sessions of a person; answers how many. `only` null: all. */
export async function endSessionsOf(
  asked: { readonly id: string; readonly by: Principal; readonly only: string | null },
  deps: PeopleDeps,
): Promise<number> {
  const count = await deps.db.transaction().execute(async (tx) => {
    const account = await accountOfMine(tx, asked);
    const which = { accountId: account.id, ...(asked.only === null ? {} : { only: asked.only }) };
    const ids = await endSessions(tx, which, { because: "revoked_by_administrator", nowMs: deps.clock() });
    const what = { by: asked.by, account, kind: "session.ended", because: "an administrator ended it" };
    for (const session of ids) await note(tx, { ...what, body: { session } }, deps);
    return ids.length;
  });
  await deps.watch.check();
  return count;
}

/** An account of the asker's own organisation. Throws 404 `account_unknown` for every other, as for one that does not exist. */
export async function accountOfMine(
  db: DbOrTx,
  asked: { readonly id: string; readonly by: Principal },
): Promise<Account> {
  const account = await accountById(db, asked.id);
  if (account === null || account.organisationId !== asked.by.organisationId) throw accountUnknown();
  return account;
}

async function heldAccount(tx: Tx, asked: { readonly id: string; readonly by: Principal }): Promise<Account> {
  const account = await accountForUpdate(tx, asked.id);
  if (account === null || account.organisationId !== asked.by.organisationId) throw accountUnknown();
  if (account.token === asked.by.token) {
    throw problem(409, "account_own", "nobody changes the own account's rights", {
      remedy: "Ask another administrator.",
    });
  }
  return account;
}

type Noted = {
  readonly by: Principal;
  readonly account: Account;
  readonly kind: string;
  readonly because: string;
  readonly body: JsonObject;
};

async function note(tx: Tx, { by, account, kind, because, body }: Noted, deps: PeopleDeps): Promise<void> {
  const { id: accountId, organisationId } = account;
  await recordPeople(tx, [{ kind, actor: by.token, accountId, organisationId, because, body }], deps);
}

function accountUnknown(): HttpProblem {
  return problem(404, "account_unknown", "there is no such account");
}

function wrongState(state: AccountState): HttpProblem {
  return problem(409, "account_state_wrong", `this is not possible for an account that is ${state}`);
}

function managedElsewhere(): HttpProblem {
  return problem(409, "account_managed_elsewhere", "this account is kept by your organisation's directory", {
    remedy: "Change it there; here it can be suspended and ended.",
  });
}

function lastAdministrator(): HttpProblem {
  return problem(409, "account_last_administrator", "this is the organisation's last administrator", {
    remedy: "Make another administrator first.",
  });
}

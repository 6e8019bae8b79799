import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { KeyRound, LogOut } from "lucide-react";
import { useState } from "react";
import { request } from "../api/request.ts";
import { readSignInSearch } from "../app/route-search.ts";
import { Button, buttonClass } from "../design/button.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { TextField } from "../design/field.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { EntryFrame } from "./entry-frame.tsx";
import { passkeysMissing, answerByPasskey } from "./passkey-client.ts";
import { forgetAnswers, signInWaysQuery } from "./people-queries.ts";
import type { SignInWays } from "./people-shapes.ts";
import { forgetSessionEnd, lastSessionEnd } from "./session-end.ts";

type Way = "passkey" | "password" | "token";

/** A passkey first; where there is none, password and code; the operator's token and other services besides. */
export function SignInPage() {
  const ways = useQuery(signInWaysQuery);
  const ended = lastSessionEnd();
  const { problem } = readSignInSearch(useSearch({ from: "/sign-in" }));
  return (
    <EntryFrame title="Sign in to Tillwatch" says="Retail crime reporting" documentTitle="Sign in">
      {ended === null ? null : (
        <output className="flex items-start gap-2 rounded-md bg-warn-wash px-4 py-3 text-sm">
          <LogOut className="mt-0.5 size-4 shrink-0 text-warn" aria-hidden="true" />
          <span>
            <span className="font-semibold">You were signed out.</span> {ended}
          </span>
        </output>
      )}
      {problem === undefined ? null : (
        <p role="alert" className="rounded-md bg-bad-wash px-4 py-3 text-sm">
          <span className="font-semibold">You were not signed in.</span>{" "}
          {providerProblems[problem] ?? "Something went wrong on the way back."}{" "}
          <span className="font-mono text-xs text-ink-soft">{problem}</span>
        </p>
      )}
      {ways.data === undefined ? (
        ways.isError ? (
          <ErrorState fault={ways.error} onRetry={() => void ways.refetch()} />
        ) : (
          <SkeletonLines lines={4} says="Asking how one signs in here" />
        )
      ) : (
        <WaysToSignIn ways={ways.data} />
      )}
    </EntryFrame>
  );
}

/** What the way back from an identity provider can say; the codes are explained in docs/errors.md. */
const providerProblems: Readonly<Record<string, string>> = {
  oidc_no_role: "Your organisation's groups give you nothing to do here. Ask whoever administers Tillwatch.",
  oidc_login_taken: "Another account here has your login. Ask whoever administers Tillwatch.",
  oidc_state_unknown: "The sign-in took too long, or was started in another browser. Try again.",
  oidc_answer_refused: "The identity provider's answer does not hold, or it said no. Try again.",
  oidc_provider_unreachable: "The identity provider does not answer. Try again later.",
  oidc_step_up_refused: "The identity provider did not prove anew that it is you.",
  account_suspended: "Your account is suspended.",
  account_ended: "Your account has ended.",
};

function WaysToSignIn({ ways }: { readonly ways: SignInWays }) {
  const missing = passkeysMissing(ways);
  const [way, setWay] = useState<Way>(missing === null ? "passkey" : "password");
  return (
    <>
      {ways.others.length === 0 ? null : (
        <div className="grid gap-2">
          {ways.others.map((other) => (
            <a key={other.id} href={other.url} className={buttonClass("plain", true)}>
              {other.title}
            </a>
          ))}
        </div>
      )}
      {missing === null ? null : <PasskeysMissing missing={missing} />}
      {way === "passkey" ? <ByPasskey /> : way === "password" ? <ByPassword /> : <ByToken />}
      <div className="flex flex-wrap items-center gap-x-1 gap-y-1 border-t border-line pt-3 text-sm">
        <span className="mr-1 text-ink-muted">Other ways:</span>
        {(["passkey", "password", "token"] as const)
          .filter((other) => other !== way && (other !== "passkey" || missing === null))
          .map((other) => (
            <Button key={other} look="quiet" onClick={() => setWay(other)}>
              {wayNames[other]}
            </Button>
          ))}
      </div>
    </>
  );
}

const wayNames: Readonly<Record<Way, string>> = {
  passkey: "Passkey",
  password: "Password and code",
  token: "Access token",
};

export function PasskeysMissing(props: { readonly missing: { readonly says: string; readonly goTo: string | null } }) {
  const { says, goTo } = props.missing;
  const { pathname, search, hash } = globalThis.location;
  return (
    <p className="rounded-md bg-sunken px-4 py-3 text-sm text-ink-soft">
      {says}{" "}
      {goTo === null ? null : (
        <a href={goTo + pathname + search + hash} className="font-medium text-accent underline">
          Go there
        </a>
      )}
    </p>
  );
}

/** What every way does in the end: forget what an earlier person saw, and go on to where one wanted. */
function useEntering() {
  const { to } = readSignInSearch(useSearch({ from: "/sign-in" }));
  const router = useRouter();
  const queries = useQueryClient();
  return (): void => {
    forgetAnswers(queries);
    forgetSessionEnd();
    router.history.replace(to ?? "/");
  };
}

function ByPasskey() {
  const enter = useEntering();
  const signIn = useMutation({
    mutationFn: async () => {
      const options = await request("/api/v1/sign-in/passkey-options", { method: "POST" });
      const response = await answerByPasskey(options);
      return request("/api/v1/sign-in/passkey", { method: "POST", body: { response } });
    },
    onSuccess: enter,
  });
  return (
    <div className="grid gap-3">
      <Button look="primary" large busy={signIn.isPending} onClick={() => signIn.mutate()}>
        <KeyRound className="size-5" aria-hidden="true" />
        Sign in with a passkey
      </Button>
      <p className="text-sm text-ink-muted">
        Your phone, computer or security key answers, with your finger, face or PIN. There is no password to remember or
        to lose.
      </p>
      {signIn.isError ? <ErrorState fault={signIn.error} /> : null}
    </div>
  );
}

function ByPassword() {
  const enter = useEntering();
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const signIn = useMutation({
    mutationFn: () =>
      request("/api/v1/sign-in/password", {
        method: "POST",
        body: { login: login.trim(), password, code: code.trim() },
      }),
    onSuccess: enter,
    onError: () => setCode(""), // a code serves once
  });
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        signIn.mutate();
      }}
    >
      <TextField
        label="Login"
        autoComplete="username"
        autoCapitalize="none"
        required
        value={login}
        onChange={(event) => setLogin(event.target.value)}
      />
      <TextField
        label="Password"
        type="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      <TextField
        label="Code"
        autoComplete="one-time-code"
        required
        value={code}
        onChange={(event) => setCode(event.target.value)}
        hint="Six digits of your authenticator app, or a recovery code."
      />
      {signIn.isError ? <ErrorState fault={signIn.error} /> : null}
      <Button type="submit" look="primary" large busy={signIn.isPending}>
        Sign in
      </Button>
    </form>
  );
}

/** The token is sent once, for a cookie that scripts cannot read; it is kept nowhere in the page. */
function ByToken() {
  const enter = useEntering();
  const [token, setToken] = useState("");
  const signIn = useMutation({
    mutationFn: () => request<unknown>("/api/v1/session", { method: "POST", body: { token: token.trim() } }),
    onSuccess: enter,
  });
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (token.trim() !== "") signIn.mutate();
      }}
    >
      <TextField
        label="Access token"
        type="password"
        autoComplete="off"
        required
        value={token}
        onChange={(event) => setToken(event.target.value)}
        hint="For operators: printed by the server at its first start."
      />
      {signIn.isError ? <ErrorState fault={signIn.error} /> : null}
      <Button type="submit" look="primary" large busy={signIn.isPending}>
        Sign in
      </Button>
    </form>
  );
}

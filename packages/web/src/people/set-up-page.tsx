import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { KeyRound, Smartphone } from "lucide-react";
import { useState } from "react";
import { request } from "../api/request.ts";
import { Button } from "../design/button.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { TextField } from "../design/field.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { momentText } from "../design/time.tsx";
import { EntryFrame } from "./entry-frame.tsx";
import { makePasskey, passkeysMissing } from "./passkey-client.ts";
import { PasswordForm, RecoveryCodes, type Chosen, type TotpSecret } from "./password-form.tsx";
import { forgetAnswers, signInWaysQuery } from "./people-queries.ts";
import type { LinkView, SignInWays } from "./people-shapes.ts";
import { PasskeysMissing } from "./sign-in-page.tsx";

/** What a one-time link opens. Its secret stands behind `#`, which browsers send to nobody; it goes in the body of our own requests. */
export function SetUpPage() {
  const [link] = useState(() => globalThis.location.hash.slice(1));
  const read = useQuery({
    queryKey: ["link"],
    queryFn: () => request<LinkView>("/api/v1/links/read", { method: "POST", body: { link } }),
    gcTime: 0,
    staleTime: Infinity,
    retry: false,
  });
  const ways = useQuery(signInWaysQuery);
  const fault = link === "" ? null : (read.error ?? ways.error);
  return (
    <EntryFrame title="Welcome to Tillwatch" says={saysOf(read.data)} documentTitle="Set up">
      {link === "" ? (
        <p className="text-sm">
          This page needs the link that you were given, whole: everything behind # belongs to it.
        </p>
      ) : fault !== null ? (
        <ErrorState fault={fault} />
      ) : read.data === undefined || ways.data === undefined ? (
        <SkeletonLines lines={5} says="Looking whose link this is" />
      ) : read.data.use === "sign_in" ? (
        <SignInByLink link={link} name={read.data.name} />
      ) : (
        <Choose link={link} view={read.data} ways={ways.data} />
      )}
    </EntryFrame>
  );
}

function saysOf(view: LinkView | undefined): string {
  if (view === undefined) return "Your one-time link";
  const until = `good until ${momentText(view.expiresAt)}`;
  return view.use === "set_up" ? `The first administrator: ${until}` : `${view.name}, ${view.organisation}: ${until}`;
}

function useEntering() {
  const router = useRouter();
  const queries = useQueryClient();
  return (): void => {
    forgetAnswers(queries);
    router.history.replace("/");
  };
}

function SignInByLink({ link, name }: { readonly link: string; readonly name: string }) {
  const enter = useEntering();
  const signIn = useMutation({
    mutationFn: () => request("/api/v1/links/sign-in", { method: "POST", body: { link } }),
    onSuccess: enter,
  });
  return (
    <div className="grid gap-3">
      <Button look="primary" large busy={signIn.isPending} onClick={() => signIn.mutate()}>
        Sign in as {name}
      </Button>
      <p className="text-sm text-ink-muted">The link serves once.</p>
      {signIn.isError ? <ErrorState fault={signIn.error} /> : null}
    </div>
  );
}

type Names = { readonly name?: string; readonly login?: string };

type Chooser = { readonly link: string; readonly view: LinkView; readonly ways: SignInWays };

/** The first administrator says who it is; then everybody chooses how to sign in. */
function Choose({ link, view, ways }: Chooser) {
  const enter = useEntering();
  const first = view.use === "set_up";
  const [typed, setTyped] = useState({ name: "", login: "" });
  const [asked, setAsked] = useState(false);
  const [step, setStep] = useState<"choose" | "password">("choose");
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const ready = !first || (typed.name.trim() !== "" && typed.login.trim() !== "");
  const names: Names = first ? { name: typed.name.trim(), login: typed.login.trim() } : {};
  if (codes !== null) return <RecoveryCodes codes={codes} onDone={enter} />;
  if (step === "password") {
    const post = <Answer,>(path: string, body: object): Promise<Answer> =>
      request<Answer>(path, { method: "POST", body: { link, ...names, ...body } });
    return (
      <PasswordForm
        action="Set up and sign in"
        begin={() => post<TotpSecret>("/api/v1/links/totp", {})}
        save={(chosen: Chosen) => post<{ recoveryCodes: readonly string[] }>("/api/v1/links/password", chosen)}
        onSaved={setCodes}
      />
    );
  }
  const ask = (): boolean => {
    setAsked(true);
    return ready;
  };
  const missing = passkeysMissing(ways);
  return (
    <div className="grid gap-5">
      {first ? <NameFields typed={typed} onChange={setTyped} asked={asked} /> : null}
      <p className="text-sm">
        Choose how you sign in from now on.{" "}
        {view.use === "recovery"
          ? "What you used before opens nothing any more."
          : "There is no password to start with."}
      </p>
      {missing === null ? (
        <ChoosePasskey link={link} names={names} ask={ask} onDone={enter} />
      ) : (
        <PasskeysMissing missing={missing} />
      )}
      <Button look={missing === null ? "plain" : "primary"} large onClick={() => (ask() ? setStep("password") : null)}>
        <Smartphone className="size-5" aria-hidden="true" />
        Password and authenticator app
      </Button>
    </div>
  );
}

type Typed = { readonly name: string; readonly login: string };

function NameFields(props: {
  readonly typed: Typed;
  readonly onChange: (typed: Typed) => void;
  readonly asked: boolean;
}) {
  const { typed, onChange, asked } = props;
  const missing = (text: string, says: string) => (asked && text.trim() === "" ? says : null);
  return (
    <div className="grid gap-4">
      <TextField
        label="Your name"
        autoComplete="name"
        value={typed.name}
        error={missing(typed.name, "Your name, as colleagues know you.")}
        onChange={(event) => onChange({ ...typed, name: event.target.value })}
      />
      <TextField
        label="Login"
        autoComplete="username"
        autoCapitalize="none"
        value={typed.login}
        error={missing(typed.login, "What you will sign in with: a mail address will do.")}
        onChange={(event) => onChange({ ...typed, login: event.target.value })}
        hint="A mail address or a short name."
      />
    </div>
  );
}

function ChoosePasskey(props: {
  readonly link: string;
  readonly names: Names;
  readonly ask: () => boolean; // false: something is missing, and now says so
  readonly onDone: () => void;
}) {
  const { link, names, ask, onDone } = props;
  const add = useMutation({
    mutationFn: async () => {
      const options = await request("/api/v1/links/passkey-options", { method: "POST", body: { link, ...names } });
      const response = await makePasskey(options);
      const body = { link, ...names, response, passkeyName: "My first passkey" };
      return request("/api/v1/links/passkey", { method: "POST", body });
    },
    onSuccess: onDone,
  });
  return (
    <div className="grid gap-2">
      <Button look="primary" large busy={add.isPending} onClick={() => (ask() ? add.mutate() : null)}>
        <KeyRound className="size-5" aria-hidden="true" />
        Passkey on this device
      </Button>
      <p className="text-sm text-ink-muted">
        Recommended: your finger, face or PIN, and nothing that could be phished.
      </p>
      {add.isError ? <ErrorState fault={add.error} /> : null}
    </div>
  );
}

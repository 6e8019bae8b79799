import { useMutation, useQuery } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { request } from "../api/request.ts";
import { setStepUpAsker } from "../api/step-up.ts";
import { Button, buttonClass } from "../design/button.tsx";
import { Dialog } from "../design/dialog.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { TextField } from "../design/field.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { useNowMs } from "../design/time.tsx";
import { answerByPasskey } from "./passkey-client.ts";
import { signInWaysQuery, whoAmIQuery } from "./people-queries.ts";

type Options = { readonly passkey: object | null; readonly code: boolean };

/** Asks for a fresh proof where the server wants one, whatever page the person is on; the request then goes on by itself. */
export function StepUpProvider({ children }: { readonly children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const answer = useRef<((proven: boolean) => void) | null>(null);
  useEffect(
    () =>
      setStepUpAsker(() => {
        setOpen(true);
        return new Promise((resolve) => {
          answer.current = resolve;
        });
      }),
    [],
  );
  const done = (proven: boolean): void => {
    answer.current?.(proven);
    answer.current = null;
    setOpen(false);
  };
  return (
    <>
      {children}
      <Dialog title="Prove that it is you" open={open} onClose={() => done(false)}>
        <StepUpForm onDone={done} />
      </Dialog>
    </>
  );
}

/** Mounted with the dialog: each opening asks anew. */
function StepUpForm({ onDone }: { readonly onDone: (proven: boolean) => void }) {
  const options = useQuery({
    queryKey: ["step-up"],
    queryFn: () => request<Options>("/api/v1/session/step-up/options", { method: "POST" }),
    gcTime: 0,
    staleTime: 0,
    retry: false,
  });
  const [code, setCode] = useState("");
  const prove = useMutation({
    mutationFn: async (by: "passkey" | "code") => {
      const body = by === "code" ? { code: code.trim() } : { response: await answerByPasskey(options.data?.passkey) };
      await request("/api/v1/session/step-up", { method: "POST", body });
    },
    onSuccess: () => onDone(true),
    // A challenge serves once.
    onError: () => void options.refetch(),
  });
  if (options.isError) return <ErrorState fault={options.error} onRetry={() => void options.refetch()} />;
  if (options.data === undefined) return <SkeletonLines lines={3} says="Asking how you can prove it" />;
  const { passkey, code: byCode } = options.data;
  return (
    <div className="grid gap-4">
      <p className="text-sm">What you are about to do needs a fresh proof of who you are.</p>
      {passkey === null ? null : (
        <Button look="primary" large busy={prove.isPending} onClick={() => prove.mutate("passkey")}>
          <KeyRound className="size-4" aria-hidden="true" />
          Use my passkey
        </Button>
      )}
      {byCode ? (
        <form
          className="grid gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            if (code.trim() !== "") prove.mutate("code");
          }}
        >
          <TextField
            label="Code of your authenticator app"
            autoComplete="one-time-code"
            value={code}
            onChange={(event) => setCode(event.target.value)}
            hint="Six digits, or one of your recovery codes."
          />
          <Button type="submit" look={passkey === null ? "primary" : "plain"} busy={prove.isPending}>
            Use this code
          </Button>
        </form>
      ) : null}
      {passkey === null && !byCode ? <Elsewhere /> : null}
      {prove.isError ? <ErrorState fault={prove.error} /> : null}
      <div className="flex justify-end">
        <Button look="quiet" onClick={() => onDone(false)}>
          Not now
        </Button>
      </div>
    </div>
  );
}

/** As the server: so long after signing in, whoever has no second proof adds the first one without any. */
const firstProofWithinMs = 10 * 60_000;

/** What is left to who has nothing to prove it with: to add it, while that is fresh; after that, to sign in again. */
function NoProof() {
  const { data: who } = useQuery(whoAmIQuery);
  const nowMs = useNowMs();
  const signedInAt = who?.signedInAt ?? null;
  const isOver = signedInAt === null || nowMs - Date.parse(signedInAt) >= firstProofWithinMs;
  const account = (
    <a href="/account" className="underline underline-offset-2">
      My account
    </a>
  );
  if (!isOver) {
    return (
      <p className="text-sm">
        You have neither a passkey nor an authenticator app. Add one under {account}, within ten minutes of signing in.
      </p>
    );
  }
  return (
    <div className="grid gap-2 text-sm">
      <p>
        You have neither a passkey nor an authenticator app. One is added within ten minutes of signing in, and that
        time is over.
      </p>
      <p>
        Sign in again, or ask an administrator for a new link; then add one under {account}. In a demo,{" "}
        <span className="font-mono text-xs">./tillwatch account demo-links</span> prints new links.
      </p>
    </div>
  );
}

/** Who came from an identity provider has nothing here to prove it with: the way leads there and back to this page. */
function Elsewhere() {
  const { data: ways } = useQuery(signInWaysQuery);
  const { pathname, search } = globalThis.location;
  if (ways === undefined || ways.others.length === 0) {
    return <NoProof />;
  }
  const back = encodeURIComponent(pathname + search);
  return (
    <a href={`/api/v1/sign-in/oidc/step-up?returnTo=${back}`} className={buttonClass("primary", true)}>
      Prove it where your organisation signs in
    </a>
  );
}

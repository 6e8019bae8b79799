import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "../design/button.tsx";
import { CopyText } from "../design/copy-text.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { TextField } from "../design/field.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { problemFrom } from "../api/request.ts";
import { QrCode } from "./qr-code.tsx";

export type TotpSecret = { readonly secret: string; readonly uri: string };
export type Chosen = { readonly password: string; readonly code: string };

const passwordCharsMin = 12;

/** A password and an authenticator app, chosen together: neither signs in without the other. */
export function PasswordForm(props: {
  readonly action: string;
  readonly begin: () => Promise<TotpSecret>;
  readonly save: (chosen: Chosen) => Promise<{ readonly recoveryCodes: readonly string[] }>;
  readonly onSaved: (recoveryCodes: readonly string[]) => void;
}) {
  const { action, begin, onSaved } = props;
  const totp = useQuery({ queryKey: ["totp-secret"], queryFn: begin, gcTime: 0, staleTime: Infinity, retry: false });
  const [password, setPassword] = useState("");
  const [shown, setShown] = useState(false);
  const [code, setCode] = useState("");
  const save = useMutation({
    mutationFn: () => props.save({ password, code: code.trim() }),
    onSuccess: ({ recoveryCodes }) => onSaved(recoveryCodes),
  });
  const refused = save.isError ? problemFrom(save.error) : null;
  if (totp.isError) return <ErrorState fault={totp.error} onRetry={() => void totp.refetch()} />;
  if (totp.data === undefined) return <SkeletonLines lines={6} says="Making a secret for your app" />;
  return (
    <form
      className="grid gap-5"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <div className="grid gap-2">
        <TextField
          label="New password"
          type={shown ? "text" : "password"}
          autoComplete="new-password"
          minLength={passwordCharsMin}
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          hint={`At least ${passwordCharsMin} characters, of any kind. A short sentence is good.`}
          error={refused?.pointer === "/password" ? refused.detail : null}
        />
        <label className="flex min-h-6 items-center gap-2 text-sm">
          <input type="checkbox" checked={shown} onChange={(event) => setShown(event.target.checked)} />
          Show the password
        </label>
      </div>
      <div className="grid justify-items-start gap-3">
        <p className="text-sm font-medium">Scan this with an authenticator app</p>
        <QrCode text={totp.data.uri} label="QR code with the secret for your authenticator app" />
        <p className="text-xs text-ink-muted">Or type the secret into the app:</p>
        <div className="w-full">
          <CopyText text={totp.data.secret} label="Secret for the authenticator app" wrap />
        </div>
      </div>
      <TextField
        label="The code that the app shows now"
        inputMode="numeric"
        autoComplete="one-time-code"
        required
        value={code}
        onChange={(event) => setCode(event.target.value)}
        error={refused?.pointer === "/code" ? refused.detail : null}
      />
      {refused === null || refused.pointer === "/password" || refused.pointer === "/code" ? null : (
        <ErrorState fault={save.error} />
      )}
      <Button type="submit" look="primary" large busy={save.isPending}>
        {action}
      </Button>
    </form>
  );
}

/** Shown once: they are kept as digests. */
export function RecoveryCodes(props: { readonly codes: readonly string[]; readonly onDone: () => void }) {
  return (
    <div className="grid gap-4">
      <p className="text-sm">
        <span className="font-semibold">Keep these recovery codes.</span> Each stands in once for the app's code, should
        you lose the phone. They are shown this once.
      </p>
      <CopyText text={props.codes.join("\n")} label="Recovery codes" />
      <Button look="primary" large onClick={props.onDone}>
        I have kept them
      </Button>
    </div>
  );
}

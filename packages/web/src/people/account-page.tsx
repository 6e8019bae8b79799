import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { UserRound } from "lucide-react";
import { useState } from "react";
import { problemFrom, request } from "../api/request.ts";
import { Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { Card, Facts } from "../design/card.tsx";
import { Dialog } from "../design/dialog.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { Ago, dayText } from "../design/time.tsx";
import { makePasskey, passkeysMissing } from "./passkey-client.ts";
import { PasswordForm, RecoveryCodes, type TotpSecret } from "./password-form.tsx";
import { myAccountQuery, mySessionsQuery, signInWaysQuery, whoAmIQuery } from "./people-queries.ts";
import { rolesText, type MyAccount } from "./people-shapes.ts";
import { SessionList } from "./session-list.tsx";
import { PasskeysMissing } from "./sign-in-page.tsx";

/** One's own account: who the server thinks one is, the ways to sign in, and where one is signed in. */
export function AccountPage() {
  const me = useQuery(myAccountQuery);
  const { data: who } = useQuery(whoAmIQuery);
  return (
    <>
      <title>My account · Tillwatch</title>
      <h1 className="pt-5 pb-4 text-xl font-semibold tracking-tight">My account</h1>
      {me.data === undefined ? (
        me.isError ? (
          <NoAccount fault={me.error} onRetry={() => void me.refetch()} />
        ) : (
          <SkeletonLines lines={10} says="Loading your account" />
        )
      ) : (
        <div className="grid items-start gap-4 lg:grid-cols-2">
          <Card title={me.data.name}>
            <Facts
              items={[
                ["Login", me.data.login],
                ["Organisation", me.data.organisation.name],
                ["Roles", rolesText(me.data.roles)],
                [
                  "Token",
                  <span key="token" className="font-mono text-2xs break-all">
                    {who?.actor ?? ""}
                  </span>,
                ],
              ]}
            />
          </Card>
          <Passkeys me={me.data} />
          <PasswordCard me={me.data} />
          <MySessions />
        </div>
      )}
    </>
  );
}

function NoAccount({ fault, onRetry }: { readonly fault: unknown; readonly onRetry: () => void }) {
  if (problemFrom(fault).code !== "session_without_account") return <ErrorState fault={fault} onRetry={onRetry} />;
  return (
    <EmptyState icon={UserRound} title="You are signed in with the installation's token">
      A token has no account to keep. People sign in as themselves; the first administrator gets a link by
      <span className="font-mono text-xs"> tillwatch account setup-link</span>.
    </EmptyState>
  );
}

function useRefresh() {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: ["me"] });
}

function Passkeys({ me }: { readonly me: MyAccount }) {
  const ways = useQuery(signInWaysQuery);
  const refresh = useRefresh();
  const add = useMutation({
    mutationFn: async () => {
      const options = await request("/api/v1/me/passkeys/options", { method: "POST" });
      const response = await makePasskey(options);
      const name = `Passkey ${me.passkeys.length + 1}`;
      await request("/api/v1/me/passkeys", { method: "POST", body: { response, name } });
    },
    onSuccess: refresh,
  });
  const remove = useMutation({
    mutationFn: (id: string) => request(`/api/v1/me/passkeys/${id}`, { method: "DELETE" }),
    onSuccess: refresh,
  });
  const missing = ways.data === undefined ? null : passkeysMissing(ways.data);
  const fault = add.error ?? remove.error;
  return (
    <Card title="Passkeys" aside={<Tag tone={me.passkeys.length > 1 ? "good" : "plain"}>{me.passkeys.length}</Tag>}>
      <div className="grid gap-3">
        {me.passkeys.length === 0 ? <p className="text-sm text-ink-muted">You have none yet.</p> : null}
        <ul className="grid gap-1">
          {me.passkeys.map(({ id, name, createdAt, lastUsedAt }) => (
            <li key={id} className="flex flex-wrap items-center justify-between gap-2 text-sm">
              <span>
                <span className="font-medium">{name}</span>
                <span className="text-ink-muted">
                  {" "}
                  · added {dayText(createdAt)}
                  {lastUsedAt === null ? "" : " · used "}
                  {lastUsedAt === null ? null : <Ago at={lastUsedAt} />}
                </span>
              </span>
              <Button look="quiet" busy={remove.isPending && remove.variables === id} onClick={() => remove.mutate(id)}>
                Remove<span className="sr-only"> {name}</span>
              </Button>
            </li>
          ))}
        </ul>
        {me.passkeys.length === 1 && !me.totp ? (
          <p className="text-sm text-ink-muted">A second one, on another device, keeps you from being locked out.</p>
        ) : null}
        {fault === null ? null : <ErrorState fault={fault} />}
        {missing === null ? (
          <div>
            <Button busy={add.isPending} onClick={() => add.mutate()}>
              Add a passkey
            </Button>
          </div>
        ) : (
          <PasskeysMissing missing={missing} />
        )}
      </div>
    </Card>
  );
}

function PasswordCard({ me }: { readonly me: MyAccount }) {
  const refresh = useRefresh();
  const [setting, setSetting] = useState(false);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const close = (): void => {
    setSetting(false);
    setCodes(null);
    void refresh();
  };
  const renew = useMutation({
    mutationFn: () => request<{ recoveryCodes: readonly string[] }>("/api/v1/me/recovery-codes", { method: "POST" }),
    onSuccess: ({ recoveryCodes }) => setCodes(recoveryCodes),
  });
  const remove = useMutation({
    mutationFn: () => request("/api/v1/me/password", { method: "DELETE" }),
    onSuccess: refresh,
  });
  const fault = renew.error ?? remove.error;
  return (
    <Card title="Password and authenticator app" aside={<Tag tone="plain">{me.totp ? "set" : "not set"}</Tag>}>
      <div className="grid gap-3">
        <p className="text-sm text-ink-muted">
          {me.totp
            ? `${me.recoveryCodesLeft} of 10 recovery codes are left.`
            : "For browsers without passkeys. A passkey alone is the stronger way."}
        </p>
        <div className="flex flex-wrap gap-2">
          <Button onClick={() => setSetting(true)}>{me.totp ? "Change" : "Set up"}</Button>
          {me.totp ? (
            <>
              <Button busy={renew.isPending} onClick={() => renew.mutate()}>
                New recovery codes
              </Button>
              <Button look="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
                Remove
              </Button>
            </>
          ) : null}
        </div>
        {fault === null ? null : <ErrorState fault={fault} />}
      </div>
      <Dialog title="Password and authenticator app" open={setting || codes !== null} onClose={close}>
        {codes === null ? (
          <PasswordForm
            action="Save"
            begin={() => request<TotpSecret>("/api/v1/me/totp", { method: "POST" })}
            save={(body) => request("/api/v1/me/password", { method: "PUT", body })}
            onSaved={setCodes}
          />
        ) : (
          <RecoveryCodes codes={codes} onDone={close} />
        )}
      </Dialog>
    </Card>
  );
}

function MySessions() {
  const sessions = useQuery(mySessionsQuery);
  const refresh = useRefresh();
  const end = useMutation({
    mutationFn: (id: string) => request(`/api/v1/me/sessions/${id}`, { method: "DELETE" }),
    onSuccess: refresh,
  });
  const endOthers = useMutation({
    mutationFn: () => request("/api/v1/me/sessions", { method: "DELETE" }),
    onSuccess: refresh,
  });
  const fault = end.error ?? endOthers.error ?? sessions.error;
  return (
    <Card title="Where you are signed in">
      <div className="grid gap-3">
        {sessions.data === undefined ? (
          <SkeletonLines lines={2} says="Loading your sessions" />
        ) : (
          <SessionList sessions={sessions.data.items} busy={end.isPending ? end.variables : null} onEnd={end.mutate} />
        )}
        {fault === null ? null : <ErrorState fault={fault} />}
        {(sessions.data?.items.length ?? 0) > 1 ? (
          <div>
            <Button look="danger" busy={endOthers.isPending} onClick={() => endOthers.mutate()}>
              End all others
            </Button>
          </div>
        ) : null}
      </div>
    </Card>
  );
}

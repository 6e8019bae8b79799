import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../api/request.ts";
import { useMay } from "../app/may.ts";
import { Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { CopyText } from "../design/copy-text.tsx";
import { Dialog } from "../design/dialog.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { Ago, momentText, useNowMs } from "../design/time.tsx";
import { useToasts } from "../design/toast.tsx";
import { deviceName, devicePath, identityQuery } from "./device-queries.ts";
import type { Device, DeviceIdentity, EnrolmentCode } from "./device-shapes.ts";
import { stateLooks, standing } from "./device-words.ts";

/** One device: what it holds, who was refused in its name, a new code, and its end. */
export function DeviceDialog({ device, onClose }: { readonly device: Device; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const toasts = useToasts();
  const may = useMay();
  const [asks, setAsks] = useState(false);
  const identity = useQuery(identityQuery(device));
  const changed = () => queries.invalidateQueries({ queryKey: ["devices"] });
  const code = useMutation({
    mutationFn: () => request<EnrolmentCode>(`${devicePath(device)}/enrolments`, { method: "POST" }),
    onSuccess: changed,
  });
  const revoke = useMutation({
    mutationFn: (because: string) =>
      request(`${devicePath(device)}/revocations`, { method: "POST", body: { because } }),
    onSuccess: async () => {
      setAsks(false);
      toasts.show({ says: `${device.name} is revoked; what it had open is closed.` });
      await changed();
    },
  });
  const { tone, says } = stateLooks[device.state];
  // One modal at a time: the question takes the place of what it is about.
  if (asks) {
    return (
      <ReasonDialog
        title={`Revoke ${device.name}`}
        action="Revoke"
        open
        busy={revoke.isPending}
        fault={revoke.error}
        onClose={() => setAsks(false)}
        onSave={(because) => revoke.mutate(because)}
      >
        <p className="text-sm">
          Its certificates, keys and open codes end at once, and its connections within seconds. To let it in again,
          make a new code.
        </p>
      </ReasonDialog>
    );
  }
  return (
    <Dialog title={device.name} open onClose={onClose}>
      <div className="grid gap-5">
        <p className="flex flex-wrap items-center gap-2 text-sm">
          <Tag tone={tone}>{says}</Tag>
          <span className="font-mono text-xs text-ink-muted">{deviceName(device)}</span>
        </p>
        {code.data === undefined ? null : <Code made={code.data} />}
        {code.error === null ? null : <ErrorState fault={code.error} />}
        {identity.data === undefined ? (
          identity.isError ? (
            <ErrorState fault={identity.error} onRetry={() => void identity.refetch()} />
          ) : (
            <SkeletonLines lines={4} says="Loading what the device holds" />
          )
        ) : (
          <History identity={identity.data} />
        )}
        <div className="flex flex-wrap justify-end gap-2">
          {may("device:revoke") ? (
            <Button look="danger" onClick={() => setAsks(true)}>
              Revoke
            </Button>
          ) : null}
          {may("device:enrol") ? <MakeCode again={device.codeUntil !== null || code.isSuccess} make={code} /> : null}
        </div>
      </div>
    </Dialog>
  );
}

function MakeCode(props: {
  readonly again: boolean;
  readonly make: { readonly isPending: boolean; readonly mutate: () => void };
}) {
  return (
    <Button look="primary" busy={props.make.isPending} onClick={() => props.make.mutate()}>
      {props.again ? "Make another code" : "Make a code"}
    </Button>
  );
}

function Code({ made }: { readonly made: EnrolmentCode }) {
  return (
    <section className="grid gap-2 rounded-md border border-accent bg-accent-wash p-3" aria-live="polite">
      <h3 className="text-sm font-semibold">One-time code</h3>
      <CopyText text={made.code} label="One-time code" />
      <p className="text-xs text-ink-soft">
        Good once, until {momentText(made.expiresAt)}. It is shown now and never again. docs/how-to/devices.md says what
        the device does with it.
      </p>
      <dl className="grid gap-1 text-xs">
        <dt className="text-ink-muted">Audience of signed tokens</dt>
        <dd className="font-mono break-all">{made.audience}</dd>
        <dt className="text-ink-muted">SHA-256 of our authority&apos;s certificate</dt>
        <dd className="font-mono break-all">{made.authoritySha256}</dd>
      </dl>
    </section>
  );
}

function History({ identity }: { readonly identity: DeviceIdentity }) {
  const nowMs = useNowMs();
  return (
    <>
      <section className="grid gap-2">
        <h3 className="text-sm font-semibold">Certificates and keys</h3>
        {identity.credentials.length === 0 ? <p className="text-sm text-ink-muted">It has never enrolled.</p> : null}
        <ul className="grid gap-2">
          {identity.credentials.map((held) => {
            const { tone, says, at } = standing(held, nowMs);
            return (
              <li key={held.id} className="grid gap-0.5 rounded-sm border border-line px-3 py-2 text-sm">
                <p className="flex flex-wrap items-center gap-2">
                  <Tag tone={tone}>{says}</Tag>
                  <span>{at === null ? null : momentText(at)}</span>
                </p>
                <p className="text-xs text-ink-soft">
                  {held.kind === "certificate" ? "Certificate" : "Key of signed tokens"}, issued{" "}
                  {momentText(held.issuedAt)},{" "}
                  {held.lastUsedAt === null ? "never used" : <>used {<Ago at={held.lastUsedAt} />}</>}
                </p>
                {held.revokedBecause === null ? null : <p className="text-xs">Because: {held.revokedBecause}</p>}
                <p className="font-mono text-2xs break-all text-ink-muted">{held.name}</p>
              </li>
            );
          })}
        </ul>
      </section>
      <section className="grid gap-2">
        <h3 className="text-sm font-semibold">Refused in its name, 30 days</h3>
        {identity.refusals.length === 0 ? <p className="text-sm text-ink-muted">Nobody was refused.</p> : null}
        <ul className="grid gap-2">
          {identity.refusals.map((refusal) => (
            <li
              key={`${refusal.code}/${refusal.via}/${refusal.lastAt}`}
              className="grid gap-0.5 rounded-sm border border-line px-3 py-2 text-sm"
            >
              <p>
                <span className="font-medium text-bad">{refusal.attempts.toLocaleString()}×</span> {refusal.says}
              </p>
              <p className="text-xs text-ink-soft">
                by {refusal.via.toUpperCase()} from {refusal.address}, last <Ago at={refusal.lastAt} />
              </p>
              <p className="font-mono text-2xs break-all text-ink-muted">{refusal.code}</p>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Cpu } from "lucide-react";
import { sitesQuery } from "../api/queries.ts";
import { Tag } from "../design/badge.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { Select } from "../design/field.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { Table, type Column } from "../design/table.tsx";
import { Ago, dayText, momentText } from "../design/time.tsx";
import { DeviceDialog } from "./device-dialog.tsx";
import { deviceName, devicesQuery } from "./device-queries.ts";
import type { Device } from "./device-shapes.ts";
import { inOrder, stateLooks, stateOrder } from "./device-words.ts";
import { readDevicesSearch } from "./devices-search.ts";

/** Devices of the sites: how each proves who it is, until when, and who was refused in its name. */
export function DevicesPage() {
  const search = readDevicesSearch(useSearch({ from: "/shell/devices" }));
  const navigate = useNavigate({ from: "/devices" });
  const devices = useQuery(devicesQuery);
  const sites = useQuery(sitesQuery);
  const siteName = (id: string): string => sites.data?.items.find((site) => site.id === id)?.name ?? id;
  const all = devices.data?.items ?? [];
  const shown = inOrder(search.site === undefined ? all : all.filter(({ siteId }) => siteId === search.site));
  const opened = all.find((device) => deviceName(device) === search.device);
  const siteOnly = search.site === undefined ? {} : { site: search.site };
  return (
    <>
      <title>Devices · Tillwatch</title>
      <header className="flex flex-wrap items-end justify-between gap-3 pt-5 pb-3 md:pt-7">
        <div>
          <h1 className="text-xl font-semibold tracking-tight">Devices</h1>
          <p className="text-sm text-ink-muted">
            How each proves who it is, until when, and who was refused in its name.
          </p>
        </div>
        <Select
          label="Site"
          quietLabel
          value={search.site ?? ""}
          onChange={({ target }) =>
            void navigate({ search: target.value === "" ? {} : { site: target.value }, replace: true })
          }
        >
          <option value="">Every site</option>
          {[...new Set(all.map(({ siteId }) => siteId))].sort().map((id) => (
            <option key={id} value={id}>
              {siteName(id)}
            </option>
          ))}
        </Select>
      </header>
      {devices.data === undefined ? (
        <div className="rounded-md border border-line bg-surface">
          {devices.isError ? (
            <ErrorState fault={devices.error} onRetry={() => void devices.refetch()} />
          ) : (
            <SkeletonLines lines={12} says="Loading the devices" />
          )}
        </div>
      ) : (
        <DeviceTable devices={shown} siteName={siteName} />
      )}
      {opened === undefined ? null : (
        <DeviceDialog device={opened} onClose={() => void navigate({ search: siteOnly, replace: true })} />
      )}
    </>
  );
}

type Named = { readonly siteName: (id: string) => string };

function DeviceTable({ devices, siteName }: Named & { readonly devices: readonly Device[] }) {
  const counts = stateOrder
    .map((state) => ({ state, count: devices.filter((device) => device.state === state).length }))
    .filter(({ count }) => count > 0)
    .map(({ state, count }) => `${count} ${stateLooks[state].says.toLowerCase()}`);
  return (
    <div className="grid gap-3">
      <p className="text-sm text-ink-muted">{counts.join(" · ")}</p>
      <div className="overflow-x-auto rounded-md border border-line bg-surface shadow-raised">
        {devices.length === 0 ? (
          <EmptyState icon={Cpu} title="No device">
            Devices stand in the directory of the pack, or are added by the API.
          </EmptyState>
        ) : (
          <Table
            label="Devices"
            columns={columnsWith(siteName)}
            rows={devices}
            idOf={deviceName}
            renderPhone={(device) => <PhoneRow device={device} place={siteName(device.siteId)} />}
          />
        )}
      </div>
    </div>
  );
}

const columnsWith = (siteName: (id: string) => string): readonly Column<Device>[] => [
  { id: "state", title: "State", cell: (device) => <StateTag device={device} /> },
  {
    id: "name",
    title: "Device",
    cell: (device) => (
      <>
        <OpenLink device={device} />
        <p className="font-mono text-2xs break-all text-ink-muted">{deviceName(device)}</p>
      </>
    ),
  },
  { id: "kind", title: "Kind", cell: (device) => device.kind.replaceAll("_", " ") },
  { id: "site", title: "Site", cell: (device) => siteName(device.siteId) },
  { id: "until", title: "Enrolled until", cell: until },
  { id: "seen", title: "Last seen", cell: seen },
  {
    id: "refused",
    title: "Refused, 30 days",
    numeric: true,
    cell: ({ refusedAttempts, lastRefusal }) =>
      refusedAttempts === 0 ? (
        "–"
      ) : (
        <span className="font-medium text-bad" title={lastRefusal?.says}>
          {refusedAttempts.toLocaleString()}
        </span>
      ),
  },
];

function PhoneRow({ device, place }: { readonly device: Device; readonly place: string }) {
  return (
    <div className="grid gap-0.5">
      <p className="flex items-center justify-between gap-2">
        <OpenLink device={device} />
        <StateTag device={device} />
      </p>
      <p className="text-ink-soft">
        {place} · {seen(device)}
      </p>
      {device.refusedAttempts === 0 ? null : (
        <p className="text-bad">{device.refusedAttempts.toLocaleString()} refused attempts in 30 days</p>
      )}
      <p className="font-mono text-2xs break-all text-ink-muted">{deviceName(device)}</p>
    </div>
  );
}

function StateTag({ device }: { readonly device: Device }) {
  const { tone, says } = stateLooks[device.state];
  return <Tag tone={tone}>{says}</Tag>;
}

function OpenLink({ device }: { readonly device: Device }) {
  return (
    <Link
      from="/devices"
      to="/devices"
      search={(before) => ({ ...before, device: deviceName(device) })}
      className="font-medium underline-offset-2 hover:underline"
    >
      {device.name}
    </Link>
  );
}

function until({ enrolledUntil, codeUntil }: Device) {
  const at = enrolledUntil ?? codeUntil;
  if (at === null) return "–";
  return (
    <time dateTime={at} title={momentText(at)}>
      {enrolledUntil === null ? `code until ${dayText(at)}` : dayText(at)}
    </time>
  );
}

/** By its proof or by a signal, whichever is newer. */
function seen({ lastProvenAt, lastSignalAt }: Device) {
  const at = [lastProvenAt, lastSignalAt]
    .filter((one) => one !== null)
    .toSorted()
    .at(-1);
  return at === undefined ? "never" : <Ago at={at} />;
}

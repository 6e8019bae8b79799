import { useQuery } from "@tanstack/react-query";
import { Link, Navigate, useLocation } from "@tanstack/react-router";
import { DoorClosed } from "lucide-react";
import type { FunctionComponent } from "react";
import { buttonClass } from "../design/button.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { whoAmIQuery } from "../people/people-queries.ts";
import { rolesText } from "../people/people-shapes.ts";
import { useKnownMay, useMay } from "./may.ts";
import { leadsTo, placesFor, trustPlaces, workPlaces, type Place } from "./places.ts";

/** The page, for whom it has something; for anybody else what it is and whom to ask. */
export function guarded(to: Place["to"], Page: FunctionComponent): FunctionComponent {
  const place = [...workPlaces, ...trustPlaces].find((known) => known.to === to);
  if (place === undefined) throw new Error(`${to} is no place`);
  return function Guarded() {
    const who = useQuery(whoAmIQuery);
    const may = useKnownMay();
    if (may === null) return who.isError ? <ErrorState fault={who.error} /> : <Waiting />;
    return leadsTo(place, may) ? <Page /> : to === "/" ? <FirstPlace /> : <NotForYou place={place} />;
  };
}

function Waiting() {
  return (
    <div className="pt-7">
      <SkeletonLines lines={10} says="Loading the page" />
    </div>
  );
}

/** The way in leads where somebody has something to do; nobody begins at a closed door. */
function FirstPlace() {
  const { work, trust } = placesFor(useMay());
  const open = [...work, ...trust];
  const only = open.length === 1 ? open[0] : undefined;
  if (only !== undefined) return <Navigate to={only.to} replace />;
  return (
    <>
      <title>Tillwatch</title>
      <header className="pt-5 pb-3 md:pt-7">
        <h1 className="text-xl font-semibold tracking-tight">What you can do here</h1>
      </header>
      {open.length === 0 ? (
        <p className="text-sm text-ink-muted">
          Nothing yet: you have no role. Ask whoever administers people in your organisation.
        </p>
      ) : (
        <PlaceList places={open} />
      )}
    </>
  );
}

export function PlaceList({ places }: { readonly places: readonly Place[] }) {
  return (
    <ul className="grid gap-2 md:grid-cols-2">
      {places.map(({ to, label, icon: Icon, says }) => (
        <li key={to}>
          <Link
            to={to}
            className="flex h-full min-h-14 items-center gap-3 rounded-md border border-line bg-surface px-4 py-3 shadow-raised hover:bg-hover"
          >
            <Icon className="size-5 shrink-0 text-ink-soft" aria-hidden="true" />
            <span>
              <span className="block text-sm font-semibold">{label}</span>
              <span className="block text-sm text-ink-muted">{says}</span>
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** Reached by its address without permission: what it is, why not, whom to ask, and a way on. */
function NotForYou({ place }: { readonly place: Place }) {
  const { data: who } = useQuery(whoAmIQuery);
  const { href } = useLocation();
  const roles = who === undefined || who.roles.length === 0 ? "none" : rolesText(who.roles);
  return (
    <div className="max-w-2xl pt-7" key={href}>
      <title>{`${place.label} · Tillwatch`}</title>
      <section className="rounded-lg border border-line bg-surface p-6">
        <h1 className="flex items-center gap-2 text-lg font-semibold">
          <DoorClosed className="size-5 shrink-0" aria-hidden="true" />
          {place.label} is not part of your work here
        </h1>
        <p className="mt-2 text-sm">{place.says}</p>
        <p className="mt-2 text-sm text-ink-muted">
          Your role does not include it ({roles}). If you need it, ask whoever administers people in your organisation
          to give you a role that does.
        </p>
        <div className="mt-4">
          <Link to="/" className={buttonClass("primary")}>
            Back to your work
          </Link>
        </div>
      </section>
    </div>
  );
}

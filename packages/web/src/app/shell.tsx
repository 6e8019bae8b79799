import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { LogOut, Monitor, Moon, Sun, UserRound, type LucideIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { liveStatsKey, type LiveStats } from "../api/live-cache.ts";
import { request } from "../api/request.ts";
import { cx } from "../design/cx.ts";
import { forgetAnswers } from "../people/people-queries.ts";
import { forgetSessionEnd } from "../people/session-end.ts";
import { useNoteActivity } from "../people/note-activity.ts";
import { forgetNotes } from "../incident/note-draft.ts";
import { forgetDraft } from "../report/draft.ts";
import { forgetRuleTexts } from "../rules/kept-text.ts";
import { ConnectionState } from "./connection-state.tsx";
import { useLive } from "./live-context.ts";
import { EmergencyBanners } from "../policy/review-banner.tsx";
import { ModelBanner } from "../model/model-banner.tsx";
import { useKnownMay, useMay } from "./may.ts";
import { barMax, besideTheBar, placesFor, trustIndex, type Place } from "./places.ts";
import { ShortcutsDialog } from "./shortcuts-dialog.tsx";
import { applyTheme, storedTheme, type Theme } from "./theme.ts";

/** The frame that stays while pages change: a rail on a desk, a bar above and one below on a phone. */
export function Shell() {
  const live = useLive();
  useNoteActivity();
  useEffect(() => {
    live.open();
    return () => live.close();
  }, [live]);
  return (
    <div className="min-h-dvh md:grid md:grid-cols-[var(--rail-width)_minmax(0,1fr)]">
      <a
        href="#main"
        className="sr-only z-50 rounded-sm bg-surface px-3 py-2 text-sm focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to the content
      </a>
      <Rail />
      <PhoneBar />
      <main id="main" tabIndex={-1} className="min-w-0 px-4 pb-24 outline-none md:px-7 md:pb-10">
        <div className="mx-auto max-w-[86rem]">
          <EmergencyBanners />
          <ModelBanner />
          <Outlet />
        </div>
      </main>
      <PhoneNav />
      <ShortcutsDialog />
    </div>
  );
}

function Rail() {
  const { work, trust } = placesFor(useMay());
  return (
    <div className="sticky top-0 flex h-dvh flex-col border-r border-line bg-surface px-3 py-4 max-md:hidden">
      <Brand />
      <nav aria-label="Pages" className="mt-6 grid gap-0.5">
        {work.map((place) => (
          <PlaceLink key={place.to} place={place} />
        ))}
        {trust.length === 0 ? null : (
          <h2 className="mt-4 px-2 pb-1 text-2xs font-semibold tracking-wide text-ink-muted uppercase">Trust</h2>
        )}
        {trust.map((place) => (
          <PlaceLink key={place.to} place={place} />
        ))}
      </nav>
      <div className="mt-auto grid gap-3 border-t border-line pt-3">
        <ConnectionState />
        <div className="flex items-center justify-between">
          <ThemeSwitch />
          <MyAccount />
          <SignOut />
        </div>
      </div>
    </div>
  );
}

function Brand() {
  return (
    <Link to="/" className="flex items-center gap-2 px-2 text-base font-semibold tracking-tight">
      <img src="/mark.svg" alt="" className="size-6" />
      Tillwatch
    </Link>
  );
}

function PlaceLink({ place, phone = false }: { readonly place: Place; readonly phone?: boolean }) {
  const Icon = place.icon;
  const beside = useBeside(place);
  return (
    <Link
      to={place.to}
      activeOptions={{ exact: place.to === "/", includeSearch: false }} // also on the pages below it
      {...(beside ? { "aria-current": "page" as const } : {})}
      className={cx(
        "text-ink-soft hover:bg-sunken aria-[current=page]:text-accent-strong",
        phone
          ? "grid min-h-14 justify-items-center gap-0.5 py-2 text-2xs font-medium aria-[current=page]:shadow-[inset_0_2px_0_var(--accent)]"
          : "flex min-h-9 items-center gap-2.5 rounded-sm px-2 text-sm font-medium aria-[current=page]:bg-accent-wash",
      )}
    >
      <Icon className={phone ? "size-5" : "size-4"} aria-hidden="true" />
      <span>{phone ? (place.short ?? place.label) : place.label}</span>
      {place.to === "/sources" ? <Waiting /> : null}
    </Link>
  );
}

/** Whether the page that is open has its place behind this one: on a phone, what the bar has no room for. */
function useBeside({ to }: Place): boolean {
  const may = useMay();
  const path = useLocation({ select: ({ pathname }) => pathname });
  return to === trustIndex.to && besideTheBar(may).some((one) => path === one.to || path.startsWith(`${one.to}/`));
}

/** Dead letters wait for a person: the number stands where they will see it. */
function Waiting() {
  const { data } = useQuery<LiveStats>({ queryKey: liveStatsKey, enabled: false });
  const waiting = data?.deadLettersWaiting ?? 0;
  if (waiting === 0) return null;
  return (
    <span className="rounded-full bg-warn-wash px-1.5 text-2xs leading-4 font-semibold text-warn md:ml-auto">
      {waiting}
      <span className="sr-only"> dead letters waiting</span>
    </span>
  );
}

function PhoneBar() {
  return (
    <header className="sticky top-0 z-20 flex h-(--bar-height) items-center justify-between gap-2 border-b border-line bg-surface px-2 md:hidden">
      <Brand />
      <div className="flex items-center gap-1">
        <ConnectionState compact />
        <ThemeSwitch />
        <MyAccount />
        <SignOut />
      </div>
    </header>
  );
}

function PhoneNav() {
  const may = useKnownMay();
  if (may === null) return null;
  const { work, trust } = placesFor(may);
  const all = [...work, ...trust];
  const shown = all.length <= barMax ? all : [...work.slice(0, barMax - 1), trustIndex];
  if (shown.length < 2) return null;
  return (
    <nav
      aria-label="Pages"
      className="fixed inset-x-0 bottom-0 z-30 grid auto-cols-fr grid-flow-col border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {shown.map((place) => (
        <PlaceLink key={place.to} place={place} phone />
      ))}
    </nav>
  );
}

const nextTheme: Readonly<Record<Theme, Theme>> = { system: "light", light: "dark", dark: "system" };
const themeIcons: Readonly<Record<Theme, LucideIcon>> = { system: Monitor, light: Sun, dark: Moon };

const iconButton =
  "grid size-9 place-items-center rounded-sm text-ink-soft hover:bg-sunken pointer-coarse:size-(--tap)";

function ThemeSwitch() {
  const [theme, setTheme] = useState(storedTheme);
  const Icon = themeIcons[theme];
  const change = (): void => {
    applyTheme(nextTheme[theme]);
    setTheme(nextTheme[theme]);
  };
  return (
    <button type="button" onClick={change} className={iconButton} title={`Colours: ${theme}`}>
      <Icon className="size-4" aria-hidden="true" />
      <span className="sr-only">Colours: {theme}. Change</span>
    </button>
  );
}

function MyAccount() {
  return (
    <Link to="/account" className={iconButton} title="My account">
      <UserRound className="size-4" aria-hidden="true" />
      <span className="sr-only">My account</span>
    </Link>
  );
}

function SignOut() {
  const live = useLive();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const signOut = async (): Promise<void> => {
    live.close(); // or it would tell this very tab that its session ended
    // Who came from an identity provider leaves there too: asked while there still is a session.
    const provider = await request<{ url: string | null }>("/api/v1/sign-in/oidc/sign-out").catch(() => null);
    await request("/api/v1/session", { method: "DELETE" }).catch(() => null);
    if (typeof provider?.url === "string") globalThis.location.assign(provider.url);
    else await navigate({ to: "/sign-in" });
    forgetAnswers(queries);
    forgetSessionEnd();
    forgetDraft();
    forgetNotes();
    forgetRuleTexts();
  };
  return (
    <button type="button" onClick={() => void signOut()} className={iconButton} title="Sign out">
      <LogOut className="size-4" aria-hidden="true" />
      <span className="sr-only">Sign out</span>
    </button>
  );
}

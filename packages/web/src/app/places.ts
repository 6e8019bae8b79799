import {
  ChartScatter,
  Cpu,
  Fingerprint,
  Handshake,
  Hourglass,
  KeySquare,
  ListOrdered,
  Megaphone,
  BellOff,
  Radar,
  RadioTower,
  Scale,
  ScrollText,
  ShieldCheck,
  UsersRound,
  type LucideIcon,
} from "lucide-react";
import type { Action, May } from "./may.ts";

/** A page that the navigation leads to. */
export type Place = {
  readonly to:
    | "/"
    | "/shared"
    | "/report"
    | "/sources"
    | "/audit"
    | "/rules"
    | "/silences"
    | "/models"
    | "/trust"
    | "/grants"
    | "/people"
    | "/devices"
    | "/policies"
    | "/privacy"
    | "/access";
  readonly label: string;
  readonly short?: string; // where a thumb's width is all there is
  readonly icon: LucideIcon;
  readonly says: string;
  /** All of `all` and, where it is given, one of `any`: else the page has nothing for whoever is signed in. */
  readonly all?: readonly Action[];
  readonly any?: readonly Action[];
  /** Whoever may do this finds the same elsewhere. */
  readonly unless?: Action;
};

/** What people work with. */
export const workPlaces: readonly Place[] = [
  {
    to: "/",
    label: "Queue",
    icon: ListOrdered,
    says: "Incidents of your shops, highest risk first.",
    all: ["incident:list", "site:list"],
  },
  {
    to: "/shared",
    label: "Shared",
    icon: Handshake,
    says: "Cases that other organisations share with yours.",
    all: ["share:list"],
    unless: "incident:report", // whoever has shops works in the queue
  },
  {
    to: "/report",
    label: "Report",
    icon: Megaphone,
    says: "Tell what happened in a shop.",
    all: ["incident:report", "site:list"],
  },
  {
    to: "/sources",
    label: "Sources",
    icon: RadioTower,
    says: "Which devices and systems signal, and which fell silent.",
    all: ["source:read"],
  },
  {
    to: "/audit",
    label: "Audit",
    icon: ScrollText,
    says: "Who saw, changed, released and decided what.",
    any: ["audit:read", "misuse:read", "control:read", "configuration:read"],
  },
  {
    to: "/rules",
    label: "Rules",
    icon: Radar,
    says: "What is detected: each rule with its life, matches and precision.",
    all: ["rule:read"],
  },
  {
    to: "/silences",
    label: "Silences",
    icon: BellOff,
    says: "What is silenced, by whom, why and until when, and what that held back.",
    all: ["silence:read"],
  },
  {
    to: "/models",
    label: "Models",
    icon: ChartScatter,
    says: "What looks for the odd without a rule: what it was trained on, whether that still holds, and its switch.",
    all: ["action:read"],
    any: ["rule:read", "model:switch"],
  },
];

/** Who may see what, and why. Under a heading of their own on a desk; on a phone behind one page that lists them. */
export const trustPlaces: readonly Place[] = [
  {
    to: "/grants",
    label: "Access for a time",
    short: "Access",
    icon: Hourglass,
    says: "Ask for what your role does not open, decide on what others ask for, and review emergencies.",
    any: ["grant:request", "grant:list", "break_glass:review"],
  },
  {
    to: "/policies",
    label: "Policies",
    icon: Scale,
    says: "Which role may do what, asked of the policies in force.",
    all: ["policy:read"],
  },
  {
    to: "/people",
    label: "People",
    icon: UsersRound,
    says: "Who has an account, what each may do and where, and who is signed in.",
    all: ["account:read"],
  },
  {
    to: "/access",
    label: "Programs, vendors",
    short: "Programs",
    icon: KeySquare,
    says: "Programs and their keys, vendors by ticket, webhooks, and the quarter's review.",
    any: ["service:read", "vendor:read", "webhook:read", "review:read"],
  },
  {
    to: "/privacy",
    label: "Privacy",
    icon: Fingerprint,
    says: "Requests of people, the watch list, consents, figures, what shops keep and cameras must not show.",
    any: [
      "subject_request:handle",
      "watch:read",
      "privacy:read",
      "person:look_up",
      "analytics:export",
      "retention:read",
      "account:operator",
    ],
  },
  {
    to: "/devices",
    label: "Devices",
    icon: Cpu,
    says: "Which devices prove who they are, and who was refused.",
    all: ["device:read"],
  },
];

export const trustIndex: Place = {
  to: "/trust",
  label: "Trust",
  icon: ShieldCheck,
  says: "Who may see and do what, why, and what the record says of it.",
};

/** Whether a page has something for whoever is signed in. */
export function leadsTo({ all = [], any, unless }: Place, may: May): boolean {
  if (unless !== undefined && may(unless)) return false;
  return all.every(may) && (any === undefined || any.some(may));
}

/** The bar of a phone holds five at a size that a thumb hits; with more, the last leads to a page that lists the others. */
export const barMax = 5;

/** What a phone's bar has no room for. */
export function besideTheBar(may: May): readonly Place[] {
  const { work, trust } = placesFor(may);
  return [...work.slice(barMax - 1), ...trust];
}

export function placesFor(may: May): { readonly work: readonly Place[]; readonly trust: readonly Place[] } {
  const open = (place: Place): boolean => leadsTo(place, may);
  return { work: workPlaces.filter(open), trust: trustPlaces.filter(open) };
}

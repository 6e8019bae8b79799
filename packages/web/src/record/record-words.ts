import type { AuditEntryView, AuditQuestion } from "@tillwatch/wire";
import type { Names } from "../api/shapes.ts";
import { wordsOf } from "../policy/policy-words.ts";
import { didWords } from "./record-verbs.ts";

/** What people want to know, as they say it. `needs`: what the question is about. */
export const wishes = [
  { id: "saw", says: "Who saw", needs: "thing" },
  { id: "changed", says: "Who changed", needs: "thing" },
  { id: "released", says: "Who released or took out", needs: "thing" },
  { id: "decided", says: "Who decided about", needs: "thing" },
  { id: "everything", says: "Everything that happened to", needs: "thing" },
  { id: "person", says: "What did this person or program do", needs: "actor" },
] as const;
export type WishId = (typeof wishes)[number]["id"];

export const thingKinds = [
  { id: "any", says: "anything" },
  { id: "incident", says: "a case and what belongs to it" },
  { id: "subject", says: "one clip, packet or other thing" },
] as const;
export type ThingKind = (typeof thingKinds)[number]["id"];

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const reference = /^[a-z]{1,8}-\d{4}-\d{6,12}$/i;

/** The form as a person filled it in. */
export type AskedForm = {
  readonly wish: WishId;
  readonly thing: ThingKind;
  readonly about: string;
  readonly actor: string;
  readonly ground: string;
  readonly purpose: string;
  readonly kind: string;
  readonly from: string; // YYYY-MM-DD, or empty
  readonly to: string; // the last day, included
};

export const emptyForm: AskedForm = {
  wish: "everything",
  thing: "any",
  about: "",
  actor: "",
  ground: "",
  purpose: "",
  kind: "",
  from: "",
  to: "",
};

/** The question that the form asks. Days are days of this browser; the last one is included. */
export function questionOf(form: AskedForm): AuditQuestion {
  const about = form.about.trim();
  const thing = form.wish === "person" || form.thing === "any" || about === "" ? {} : { [form.thing]: about };
  const did = form.wish === "everything" || form.wish === "person" ? {} : { did: form.wish };
  const text = (name: keyof AskedForm) => {
    const value = form[name].trim();
    return value === "" ? {} : { [name]: value };
  };
  const from = dayStart(form.from, 0);
  const to = dayStart(form.to, 1);
  return {
    ...thing,
    ...did,
    ...text("actor"),
    ...text("ground"),
    ...text("purpose"),
    ...text("kind"),
    ...(from === null ? {} : { from }),
    ...(to === null ? {} : { to }),
  };
}

/** What is missing for a question that says something; null: nothing. */
export function formProblem(form: AskedForm): string | null {
  if (form.wish === "person" && form.actor.trim() === "") return "Name the person or program by its token.";
  if (form.wish === "person" || form.thing === "any") return null;
  const about = form.about.trim();
  if (form.thing === "incident") {
    return uuid.test(about) || reference.test(about) ? null : "Name the case by its reference, such as TW-2026-000022.";
  }
  return about === "" ? "Name the thing by its id." : null;
}

function dayStart(day: string, plusDays: number): string | null {
  const [year, month, date] = day.split("-").map(Number);
  if (year === undefined || month === undefined || date === undefined || !/^\d{4}-\d\d-\d\d$/.test(day)) return null;
  return new Date(year, month - 1, date + plusDays).toISOString();
}

/** An entry as a sentence without its reason: "Ines Duarte looked at exhibit 2222". */
export function sentenceOf(
  entry: AuditEntryView,
  names: Names,
): {
  readonly actor: string;
  readonly did: string;
  readonly thing: string;
} {
  return { actor: atStart(whoIs(entry.actor, names)), did: didWords(entry.kind), thing: thingOf(entry.subject, names) };
}

function thingOf({ kind, id }: AuditEntryView["subject"], names: Names): string {
  if (kind === "search") return "words that the record keeps as digests";
  const name = names[id] ?? names[`user:${id}`];
  return `${thingWord(kind)} ${name ?? shortened(id)}`;
}

/** The kind of a thing as people call it. */
export function thingWord(kind: string): string {
  return (kindWords[kind] ?? kind).replaceAll("_", " ");
}

const kindWords: Readonly<Record<string, string>> = { incident: "case" };

/** Somebody by name, where one is known; the program itself and the operator's token in words, as they stand inside a sentence. */
export function whoIs(token: string, names: Names): string {
  if (token === "machine") return "the machine";
  if (token === "user:admin") return "the installation's token";
  return names[token] ?? token;
}

/** Our own words with a capital; a person's name begins as its bearer writes it. */
function atStart(who: string): string {
  return who.startsWith("the ") ? `T${who.slice(1)}` : who;
}

/** A sentence of the machine with names in place of tokens. */
export function withNames(says: string, names: Names): string {
  return says.replaceAll(/\b(?:user|service):[A-Za-z0-9-]+/g, (token) => whoIs(token, names));
}

/** Purpose and legal ground that an entry was made under; null: none stands in it. */
export function statedIn(entry: AuditEntryView): string | null {
  const { body } = entry;
  if (typeof body !== "object" || body === null || !("purpose" in body) || !("ground" in body)) return null;
  const { purpose, ground } = body;
  if (typeof purpose !== "string" || typeof ground !== "string") return null;
  return `${wordsOf(purpose)}; ground: ${wordsOf(ground)}`;
}

/** Why, as an entry says it: what was stated, and the words that came with it where there are others. */
export function whyOf(entry: AuditEntryView): string {
  const stated = statedIn(entry);
  if (stated === null) return reasonText(entry.because);
  const { ground } = entry.body as { readonly ground: string };
  return entry.because === ground ? stated : `${stated}; ${reasonText(entry.because)}`;
}

/** Ids are long; the first part tells them apart on a page. */
export function shortened(id: string): string {
  return uuid.test(id) ? id.slice(0, 8) : id;
}

/** Some reasons of the machine are codes: `its_category_and_level` reads as words too. */
export function reasonText(because: string): string {
  return /^[a-z_]+$/.test(because) ? because.replaceAll("_", " ") : because;
}

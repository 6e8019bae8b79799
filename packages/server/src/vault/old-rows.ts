import { isJsonObject, type JsonObject, type JsonValue, type Signal } from "@tillwatch/wire";
import { personalTextsOf, withPersonalTexts } from "../signal/personal-text.ts";
import { incidentSubject, signalSubject, webhookSubject } from "../subjects.ts";

/** A text of an old row: whose it is, or, for `person`, who is named. */
export type OldText = { readonly subject: string | { readonly person: string }; readonly text: string };

type Row = Readonly<Record<string, unknown>>;
type Values = Readonly<Record<string, string | null>>;

/**
 * Rows of one table that may hold text from before it was sealed. `texts` says which, `sealed` what to write when `next` gives the sealed form
 * of each in turn; both walk a row in one order. Columns are read and written as text and cast to `columns`.
 */
export type OldRows = {
  readonly step: string;
  readonly table: string;
  readonly key: { readonly column: string; readonly type: "uuid" | "int8" | "text" };
  readonly besides: readonly string[]; // columns that are read only
  readonly columns: Readonly<Record<string, "text" | "json" | "bytea">>;
  readonly where: string;
  readonly rewrite: (row: Row, seal: (text: string, subject?: OldText["subject"]) => string) => Values;
  readonly subject: (row: Row) => string;
};

const id = { column: "id", type: "uuid" } as const;
const ofIncident = (row: Row) => incidentSubject(textOf(row["incident_id"]));
const plainSource = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/;

export const oldRows: readonly OldRows[] = [
  {
    step: "incident",
    table: "incident",
    key: id,
    besides: [],
    columns: { summary: "text", override: "json" },
    where: "summary is not null or override is not null",
    subject: (row) => incidentSubject(textOf(row["key"])),
    rewrite: (row, seal) => ({
      summary: orNull(row["summary"], seal),
      override: inJson(row["override"], seal, isReason),
    }),
  },
  {
    step: "incident_timeline",
    table: "incident_timeline",
    key: id,
    besides: ["incident_id"],
    columns: { says: "text", detail: "json" },
    where: "actor like 'user:%' or kind in ('note', 'exhibit', 'packet', 'detection')",
    subject: ofIncident,
    rewrite: (row, seal) => ({
      says: textOf(row["says"]).startsWith("Rule matched: ") ? textOf(row["says"]) : seal(textOf(row["says"])),
      detail: inJson(row["detail"], seal, isReasonOrMatch),
    }),
  },
  {
    step: "incident_field",
    table: "incident_field",
    key: { column: "recorded", type: "int8" },
    besides: ["incident_id", "field"],
    columns: { before: "json", after: "json", because: "text" },
    where: "actor like 'user:%'",
    subject: ofIncident,
    rewrite: (row, seal) => {
      const isWords = row["field"] === "summary" || row["field"] === "override";
      const value = (given: unknown) => (isWords ? inJson(given, seal, isAnyWord) : textOf(given));
      return { before: value(row["before"]), after: value(row["after"]), because: seal(textOf(row["because"])) };
    },
  },
  {
    step: "incident_verdict",
    table: "incident_verdict",
    key: id,
    besides: ["incident_id"],
    columns: { because: "text" },
    where: "because is not null",
    subject: ofIncident,
    rewrite: (row, seal) => ({ because: orNull(row["because"], seal) }),
  },
  {
    step: "exhibit",
    table: "exhibit",
    key: id,
    besides: ["incident_id"],
    columns: { name: "text", note: "text", source: "text", uri: "text" },
    where: "true",
    subject: ofIncident,
    rewrite: (row, seal) => ({
      name: seal(textOf(row["name"])),
      note: row["note"] === "" ? "" : seal(textOf(row["note"])),
      source: plainSource.test(textOf(row["source"])) ? textOf(row["source"]) : seal(textOf(row["source"])),
      uri: orNull(row["uri"], seal),
    }),
  },
  {
    step: "packet",
    table: "packet",
    key: id,
    besides: ["incident_id"],
    columns: { because: "text", frozen: "text" },
    where: "true",
    subject: ofIncident,
    rewrite: (row, seal) => ({ because: seal(textOf(row["because"])), frozen: orNull(row["frozen"], seal) }),
  },
  {
    step: "webhook_endpoint",
    table: "webhook_endpoint",
    key: id,
    besides: [],
    columns: { url: "text", secret: "text" },
    where: "true",
    subject: (row) => webhookSubject(textOf(row["key"])),
    rewrite: (row, seal) => ({ url: seal(textOf(row["url"])), secret: orNull(row["secret"], seal) }),
  },
  {
    step: "webhook_delivery",
    table: "webhook_delivery",
    key: id,
    besides: ["endpoint_id"],
    columns: { body: "text" },
    where: "true",
    subject: (row) => webhookSubject(textOf(row["endpoint_id"])),
    rewrite: (row, seal) => ({ body: seal(textOf(row["body"])) }),
  },
  {
    step: "dead_letter",
    table: "dead_letter",
    key: id,
    besides: [],
    columns: { message: "text", signal: "json", raw: "bytea", settled_because: "text" },
    where: "true",
    subject: (row) => signalSubject(textOf(row["key"])),
    rewrite: (row, seal) => ({
      message: row["raw"] === null ? textOf(row["message"]) : seal(textOf(row["message"])),
      signal: row["signal"] === null ? null : signalText(row["signal"], seal),
      raw: row["raw"] === null ? null : rawText(textOf(row["raw"]), seal),
      settled_because: orNull(row["settled_because"], seal),
    }),
  },
  reasons("service_account", ["purpose", "because"], { subject: "service" }),
  reasons("api_key", ["because"], { subject: "api_key", key: { column: "id", type: "text" } }),
  reasons("vendor_access", ["ticket", "purpose", "because"], { subject: "vendor" }),
  reasons("access_review_item", ["because"], { subject: "access_review" }),
  reasons("device_credential", ["revoked_because"], { subject: "device_credential" }),
  reasons("site_privacy", ["because"], { subject: "site_privacy", key: { column: "site_id", type: "text" } }),
  reasons("record_export", ["because", "question"], { subject: "record_export" }),
  reasons("legal_hold", ["ground"], { subject: "hold" }),
  reasons("subject_request", ["identity_how"], { subject: "subject-request" }),
  {
    ...reasons("known_person", ["source"], { subject: "", key: { column: "token", type: "text" } }),
    subject: (row) => textOf(row["key"]),
  },
  {
    ...reasons("watch_use", ["because"], { subject: "" }),
    besides: ["entry_id"],
    subject: (row) => `watch:${textOf(row["entry_id"])}`,
  },
  {
    step: "signal",
    table: "signal",
    key: id,
    besides: [],
    columns: { body: "json" },
    where: "true",
    subject: (row) => signalSubject(textOf(row["key"])),
    rewrite: (row, seal) => ({ body: signalText(row["body"], seal) }),
  },
];

/** A table of which some columns hold what a person typed, under a key of each row. */
function reasons(
  table: string,
  names: readonly string[],
  of: { readonly subject: string; readonly key?: OldRows["key"] },
): OldRows {
  return {
    step: table,
    table,
    key: of.key ?? id,
    besides: [],
    columns: Object.fromEntries(names.map((name) => [name, "text"] as const)),
    where: names.map((name) => `${name} is not null`).join(" or "),
    subject: (row) => `${of.subject}:${textOf(row["key"])}`,
    rewrite: (row, seal) => Object.fromEntries(names.map((name) => [name, orNull(row[name], seal)])),
  };
}

type Seal = Parameters<OldRows["rewrite"]>[1];

function signalText(body: unknown, seal: Seal): string {
  const text = textOf(body);
  const signal = JSON.parse(text) as Signal;
  const found = personalTextsOf(signal);
  if (found.length === 0) return text;
  const sealed = found.map((one) => (one.as === "person" ? seal(one.text, { person: one.text }) : seal(one.text)));
  return JSON.stringify(withPersonalTexts(signal, sealed));
}

// As `\x...`, which is how the database writes bytes as text. Bytes that are sealed already are the sealed form itself.
function rawText(hex: string, seal: Seal): string {
  const bytes = Buffer.from(hex.slice(2), "hex");
  const text = bytes.toString("utf8");
  const sealed = text.startsWith("tw1.") ? seal(text) : seal(bytes.toString("base64"));
  return `\\x${Buffer.from(sealed).toString("hex")}`;
}

function inJson(given: unknown, seal: Seal, isOurs: (path: readonly string[]) => boolean): string | null {
  if (given === null || given === undefined) return null;
  const value = JSON.parse(textOf(given)) as JsonValue;
  return JSON.stringify(walk(value, [], { seal, isOurs }));
}

type Walk = { readonly seal: Seal; readonly isOurs: (path: readonly string[]) => boolean };

function walk(value: JsonValue, path: readonly string[], how: Walk): JsonValue {
  if (typeof value === "string") return how.isOurs(path) && value !== "" ? how.seal(value) : value;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => walk(item, path, how));
  if (!isJsonObject(value)) return value;
  const members: JsonObject = value;
  return Object.fromEntries(
    Object.entries(members).map(([name, member]) => [name, walk(member, [...path, name], how)]),
  );
}

const isReason = (path: readonly string[]) => path.join(".") === "because";
const isAnyWord = (path: readonly string[]) => path.length === 0 || path.join(".") === "because";
/** A person's reason, or what a rule matched on: nobody knows any more which of those were words of people. */
const isReasonOrMatch = (path: readonly string[]) => isReason(path) || path.join(".") === "because.value";

function orNull(given: unknown, seal: Seal): string | null {
  return given === null || given === undefined ? null : given === "" ? "" : seal(textOf(given));
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

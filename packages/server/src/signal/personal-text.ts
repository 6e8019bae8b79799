import { bearsSealedText, isJsonObject, type JsonObject, type JsonValue, type Signal } from "@tillwatch/wire";

/**
 * What of a signal is somebody's: `person` names one (a plate, a mail address, a reporter's token) and is sealed under that person
 * alone, `text` is what people wrote and is sealed under the signal.
 */
export type PersonalText = { readonly as: "person" | "text"; readonly text: string };

type Visit = (text: string, as: PersonalText["as"]) => string;

/** What people write: everything in these is theirs, but for the words of `machineMembers`. */
const personShapes: ReadonlySet<Signal["shape"]> = new Set(["staff-report", "incident-record", "public-tip"]);

const machineMembers: ReadonlySet<string> = new Set(["category", "currency", "device_ids", "incident_type"]);
const priorities: ReadonlySet<string> = new Set(["low", "medium", "normal", "high", "urgent", "critical"]);

/** Members that name somebody, whatever machine sends them; after an underline too (`vehicle_plate`). */
const personNames = new Set(
  `actor_ids anonymous_token reporter reporter_id
   plate license_plate licence_plate number_plate registration_number vrm recognized_license_plate
   face_name person_name driver_name visitor_name guest_name member_name employee_name staff_name cashier_name
   subject_name account_name holder_name identity sub_label name full_name first_name last_name given_name family_name surname nickname
   customer_name customer_id loyalty_id cardholder driver visitor suspect victim witness
   phone phone_number telephone mobile msisdn mail email e_mail email_address
   passport id_number national_id ssn iban pan card_number date_of_birth birth_date dob home_address street`.split(
    /\s+/,
  ),
);
/** Members that hold what somebody wrote or said. */
const textNames = new Set(
  "comment comments note notes remark remarks message text free_text description narrative summary statement transcript caption other_data data_base64".split(
    " ",
  ),
);
// The names of goods, which come with every sale.
const goods: ReadonlySet<string> = new Set(["lines", "items", "products"]);
const wholeMail = /^[^\s@]+@[^\s@]+$/;
const mail = /[^\s@]+@[^\s@]+\.\p{L}{2,}/u;

/** Everything of the signal that must be sealed, in the order in which `withPersonalTexts` takes the sealed forms. */
export function personalTextsOf(signal: Signal): readonly PersonalText[] {
  if (!personShapes.has(signal.shape) && !anyPersonal(signal.data, false) && !anyPersonal(signal.extra, false))
    return [];
  const found: PersonalText[] = [];
  visitSignal(signal, (text, as) => {
    found.push({ as, text });
    return text;
  });
  return found;
}

/** The signal with these in place of its personal texts. */
export function withPersonalTexts(signal: Signal, sealed: readonly string[]): Signal {
  let next = 0;
  return visitSignal(signal, () => sealed[next++] ?? "");
}

function visitSignal(signal: Signal, visit: Visit): Signal {
  const { data, extra } = signal;
  if (!personShapes.has(signal.shape)) {
    return { ...signal, data: visitMachine(data, visit), extra: visitMachine(extra, visit) };
  }
  const members = extra["members"];
  return {
    ...signal,
    // It begins with the report's own number, as its author wrote it.
    sourceEventId: visit(signal.sourceEventId, "text"),
    media: signal.media.map((reference) => ({ ...reference, uri: visit(reference.uri, "text") })),
    data: visitWritten(data, visit),
    extra: isJsonObject(members) ? { ...extra, members: visitWritten(members, visit) } : extra,
  };
}

/** Of what people wrote every text but the words that machines choose by. */
function visitWritten(members: JsonObject, visit: Visit): JsonObject {
  return mapMembers(members, (name, value) => {
    if (machineMembers.has(name) && !bearsSealedText(JSON.stringify(value))) return value;
    if (name === "priority" && typeof value === "string" && priorities.has(value.toLowerCase())) return value;
    return visitAll(value, (text) => visit(text, isPersonName(name) ? "person" : "text"));
  });
}

function visitMachine(members: JsonObject, visit: Visit, amongGoods = false): JsonObject {
  return mapMembers(members, (name, value) => {
    const kind = kindOf(name, amongGoods);
    if (kind !== null) return visitAll(value, (text) => visit(text, kind));
    return visitValue(value, visit, amongGoods || goods.has(name));
  });
}

function visitValue(value: JsonValue, visit: Visit, amongGoods: boolean): JsonValue {
  if (typeof value === "string")
    return isOpenlyPersonal(value) ? visit(value, wholeMail.test(value) ? "person" : "text") : value;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => visitValue(item, visit, amongGoods));
  return isJsonObject(value) ? visitMachine(value, visit, amongGoods) : value;
}

function visitAll(value: JsonValue, visit: (text: string) => string): JsonValue {
  if (typeof value === "string") return value === "" ? value : visit(value);
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => visitAll(item, visit));
  return isJsonObject(value) ? mapMembers(value, (_name, member) => visitAll(member, visit)) : value;
}

function mapMembers(members: JsonObject, map: (name: string, value: JsonValue) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, map(name, value)]));
}

/** The same question without making anything: asked of every signal of every machine. */
function anyPersonal(members: JsonObject, amongGoods: boolean): boolean {
  for (const name in members) {
    const value = members[name];
    if (value === undefined || typeof value === "number" || typeof value === "boolean" || value === null) continue;
    if (kindOf(name, amongGoods) !== null || isPersonalValue(value, amongGoods || goods.has(name))) return true;
  }
  return false;
}

function isPersonalValue(value: JsonValue, amongGoods: boolean): boolean {
  if (typeof value === "string") return isOpenlyPersonal(value);
  if (Array.isArray(value)) return (value as readonly JsonValue[]).some((item) => isPersonalValue(item, amongGoods));
  return isJsonObject(value) && anyPersonal(value, amongGoods);
}

// A mail address says by itself that it is one. What looks sealed was not sealed by us: it is a text like any other.
function isOpenlyPersonal(value: string): boolean {
  return (value.includes("@") && mail.test(value)) || bearsSealedText(value);
}

const kinds = new Map<string, PersonalText["as"] | null>();
const kindsMax = 10_000;

function kindOf(name: string, amongGoods: boolean): PersonalText["as"] | null {
  let kind = kinds.get(name);
  if (kind === undefined) {
    kind = isPersonName(name) ? "person" : textNames.has(plainName(name)) ? "text" : null;
    if (kinds.size >= kindsMax) kinds.clear();
    kinds.set(name, kind);
  }
  if (kind === null || !amongGoods) return kind;
  return kind === "text" || plainName(name) === "name" ? null : kind;
}

function isPersonName(given: string): boolean {
  const name = plainName(given);
  if (personNames.has(name)) return true;
  const last = name.slice(name.indexOf("_") + 1);
  return last !== "name" && personNames.has(last);
}

// licensePlate, license-plate and license_plate are one name.
function plainName(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll("-", "_")
    .toLowerCase();
}

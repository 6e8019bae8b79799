import { createHash } from "node:crypto";
import {
  policySetTextToParts,
  policyToJson,
  schemaToJson,
  validate,
  type DetailedError,
} from "@cedar-policy/cedar-wasm/nodejs";
import { ok, refused, type Result } from "@tillwatch/wire";
import { Type } from "typebox";
import { readYaml } from "../../platform/yaml-file.ts";
import { actionNames, isActionName, type ActionName } from "../actions.ts";
import { roles } from "../principal.ts";

/** One policy with what people need to know of it. */
export type PolicyNote = {
  readonly id: string;
  readonly effect: "permit" | "forbid";
  readonly says: string; // one sentence
  readonly owner: string;
  readonly date: string; // YYYY-MM-DD
  readonly review: string; // YYYY-MM-DD, by when it is looked at again
  readonly hides: boolean; // the answer is that of an unknown id
  readonly code: string | null; // the refusal that people see; null: access_refused
  readonly file: string;
  readonly line: number;
  readonly text: string;
};

/** What an action is asked about, as the schema says. */
export type ActionNote = {
  readonly name: ActionName;
  readonly resources: readonly string[];
  readonly principals: readonly string[];
  readonly groups: readonly string[];
};

/** The policies of a pack, checked against their schema. Loads whole or not at all. */
export type PolicySet = {
  readonly version: string;
  readonly schema: string;
  readonly policies: ReadonlyMap<string, PolicyNote>;
  readonly actions: ReadonlyMap<ActionName, ActionNote>;
  readonly purposes: readonly string[];
  readonly grounds: readonly string[];
  readonly restrictedCategories: readonly string[];
};

export type PolicyProblem = { readonly file: string; readonly line: number | null; readonly message: string };

const folder = "policies/";
const schemaFile = `${folder}schema.cedarschema`;
const sensitivityFile = `${folder}sensitivity.yaml`;
const SensitivityFile = Type.Object({
  version: Type.String({ minLength: 1 }),
  restricted: Type.Array(Type.String({ pattern: "^[a-z][a-z0-9_]{0,63}$" })),
});

/**
 * Reads `policies/` of a pack: the schema, every `.cedar` file, the sensitivity of categories. Refuses, each with file and line:
 * what does not parse; a policy without id, sentence, owner, date or review; an id that stands twice; a policy that the schema
 * does not bear out; an action that program and schema do not share; a template.
 */
export function loadPolicies(files: ReadonlyMap<string, string>): Result<PolicySet, readonly PolicyProblem[]> {
  const problems: PolicyProblem[] = [];
  const schema = files.get(schemaFile);
  if (schema === undefined) return refused([{ file: schemaFile, line: null, message: "is missing from the pack" }]);
  const sensitivity = readYaml(files.get(sensitivityFile) ?? "", sensitivityFile, SensitivityFile);
  if (!sensitivity.ok) problems.push(...sensitivity.error);
  const read = readSchema(schema, problems);
  const texts = [...files].filter(([file]) => file.startsWith(folder) && file.endsWith(".cedar"));
  const policies = new Map<string, PolicyNote>();
  for (const [file, text] of texts) readPolicies({ file, text }, { policies, problems });
  if (texts.length === 0) problems.push({ file: folder, line: null, message: "holds no .cedar file" });
  if (read !== null && problems.length === 0) checkAgainstSchema(schema, policies, problems);
  if (read === null || !sensitivity.ok || problems.length > 0) return refused(problems);
  return ok({
    version: versionOf([schema, files.get(sensitivityFile) ?? "", ...texts.map(([file, text]) => `${file}\n${text}`)]),
    schema,
    policies,
    ...read,
    restrictedCategories: sensitivity.value.restricted,
  });
}

type Schema = Pick<PolicySet, "actions" | "purposes" | "grounds">;

function readSchema(text: string, problems: PolicyProblem[]): Schema | null {
  const say = (message: string, line: number | null = null) => problems.push({ file: schemaFile, line, message });
  const parsed = schemaToJson(text);
  if (parsed.type === "failure") {
    for (const error of parsed.errors) say(messageOf(error), lineOf(error, { text, from: 1 }));
    return null;
  }
  const space = parsed.json[""];
  const actions = new Map<ActionName, ActionNote>();
  for (const [name, action] of Object.entries(space?.actions ?? {})) {
    const applies = action.appliesTo;
    if (applies === undefined || applies.resourceTypes.length === 0) continue; // a group
    const line = lineOfText(text, `action "${name}"`);
    if (!isActionName(name)) {
      say(`action ${name} is not one of the program's; take the line away`, line);
      continue;
    }
    const groups = (action.memberOf ?? []).map(({ id }) => id);
    // The walls stand around "any": what is in no group of it would stand outside of them.
    if (groups.length === 0) say(`action ${name} is in no group, so no wall stands around it`, line);
    actions.set(name, { name, resources: applies.resourceTypes, principals: applies.principalTypes, groups });
  }
  for (const name of actionNames) if (!actions.has(name)) say(`action ${name} is missing: the program asks for it`);
  const words = (entity: string): readonly string[] => {
    const type = space?.entityTypes[entity];
    if (type !== undefined && "enum" in type) return type.enum;
    say(`entity ${entity} enum [...] is missing`);
    return [];
  };
  return { actions, purposes: words("Purpose"), grounds: words("Ground") };
}

type Into = { readonly policies: Map<string, PolicyNote>; readonly problems: PolicyProblem[] };

function readPolicies({ file, text }: { file: string; text: string }, { policies, problems }: Into): void {
  const parts = policySetTextToParts(text);
  if (parts.type === "failure") {
    for (const error of parts.errors) {
      problems.push({ file, line: lineOf(error, { text, from: 1 }), message: messageOf(error) });
    }
    return;
  }
  if (parts.policy_templates.length > 0) {
    problems.push({ file, line: null, message: "templates (?principal, ?resource) are not used here" });
  }
  for (const policy of parts.policies) {
    const note = noteOf(policy, { file, text });
    if (typeof note === "string") problems.push({ file, line: lineOfText(text, firstLine(policy)), message: note });
    else if (policies.has(note.id)) problems.push({ ...note, message: `policy ${note.id} stands twice` });
    else policies.set(note.id, note);
  }
}

const codes = new Set(["purpose_required", "step_up_required", "secondary_use_refused"]);

/** The policy, or what is wrong with its annotations. */
function noteOf(policy: string, { file, text }: { file: string; text: string }): PolicyNote | string {
  const parsed = policyToJson(policy);
  if (parsed.type === "failure") return parsed.errors.map(messageOf).join("; ");
  const { effect, annotations = {} } = parsed.json;
  const { id, says, owner, date, review, hides, code } = annotations;
  if (id === undefined || !/^[a-z][a-z0-9-]{0,63}$/.test(id)) return 'a policy needs @id("lower-case-words")';
  if (says === undefined || says === "") return `policy ${id} needs @says("what it means in one sentence")`;
  if (owner === undefined || owner === "") return `policy ${id} needs @owner("who answers for it")`;
  if (date === undefined || !isDay(date)) return `policy ${id} needs @date("YYYY-MM-DD")`;
  if (review === undefined || !isDay(review)) return `policy ${id} needs @review("YYYY-MM-DD")`;
  if (review <= date) return `policy ${id}: its review is not after its date`;
  if (code !== undefined && !codes.has(code)) return `policy ${id}: @code is one of ${[...codes].join(", ")}`;
  if (hides !== undefined && hides !== "true") return `policy ${id}: @hides is "true" or not there`;
  if (effect === "permit" && (hides !== undefined || code !== undefined)) {
    return `policy ${id}: @hides and @code belong to a forbid`;
  }
  const line = lineOfText(text, `@id("${id}")`) ?? 1;
  const hidden = hides === "true";
  return { id, effect, says, owner, date, review, hides: hidden, code: code ?? null, file, line, text: policy };
}

function checkAgainstSchema(
  schema: string,
  policies: ReadonlyMap<string, PolicyNote>,
  problems: PolicyProblem[],
): void {
  const staticPolicies = Object.fromEntries([...policies].map(([id, { text }]) => [id, text]));
  const answer = validate({ schema, policies: { staticPolicies }, validationSettings: { mode: "strict" } });
  if (answer.type === "failure") {
    for (const error of answer.errors) problems.push({ file: folder, line: null, message: messageOf(error) });
    return;
  }
  // A warning tells of a policy that can never hold: what was meant to close a door would stand beside it.
  for (const { policyId, error } of [...answer.validationErrors, ...answer.validationWarnings]) {
    const policy = policies.get(policyId);
    if (policy === undefined) problems.push({ file: folder, line: null, message: messageOf(error) });
    else {
      const line = lineOf(error, { text: policy.text, from: policy.line }) ?? policy.line;
      problems.push({ file: policy.file, line, message: `policy ${policyId}: ${messageOf(error)}` });
    }
  }
  for (const { id, file, line, text } of policies.values()) {
    for (const [, role = ""] of text.matchAll(/Role::"([^"]*)"/g)) {
      if (!(roles as readonly string[]).includes(role)) {
        problems.push({ file, line, message: `policy ${id}: there is no role ${role}; roles are ${roles.join(", ")}` });
      }
    }
  }
}

function messageOf({ message, help, sourceLocations }: DetailedError): string {
  const label = sourceLocations?.find((place) => place.label !== null)?.label ?? null;
  return [message, label, help].filter((part) => part !== null && part !== undefined).join("; ");
}

/** The line of the first place that an error names; `from` is the line on which `text` begins in its file. */
function lineOf({ sourceLocations }: DetailedError, { text, from }: { text: string; from: number }): number | null {
  const place = sourceLocations?.[0];
  if (place === undefined) return null;
  return from + Buffer.from(text, "utf8").subarray(0, place.start).toString("utf8").split("\n").length - 1;
}

function lineOfText(text: string, needle: string): number | null {
  const at = text.indexOf(needle);
  return at < 0 ? null : text.slice(0, at).split("\n").length;
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}

function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
}

function versionOf(texts: readonly string[]): string {
  return `policies-${createHash("sha256").update(JSON.stringify(texts)).digest("hex").slice(0, 16)}`;
}

/** Policies whose review was due before `today` (YYYY-MM-DD). */
export function overduePolicies(set: PolicySet, today: string) {
  return [...set.policies.values()].filter(({ review }) => review < today);
}

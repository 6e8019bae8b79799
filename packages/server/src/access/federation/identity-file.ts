import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Type, type Static } from "typebox";
import { ok, refused, type Result } from "@tillwatch/wire";
import { readYamlWithLines, type FileProblem } from "../../platform/yaml-file.ts";
import { roles } from "../principal.ts";
import type { MappingRule } from "./role-mapping.ts";

/** Where people of an organisation sign in, when not here. */
export type OidcProvider = {
  readonly name: string; // on the button
  readonly issuer: string; // compared exactly
  readonly clientId: string;
  readonly clientSecret: string | null; // null: a public client, with PKCE alone
  readonly clientAuthentication: "basic" | "post";
  readonly scopes: readonly string[];
  readonly loginClaim: string;
  readonly nameClaim: string;
  readonly groupsClaim: string;
  /** What the provider must say about a step-up; empty: that the person signed in anew is enough. */
  readonly stepUpAcr: readonly string[];
};

export type FederatedOrganisation = {
  readonly id: string;
  readonly provider: OidcProvider | null; // null: SCIM alone
  readonly mapping: readonly MappingRule[];
};

export type IdentityFile = { readonly organisations: readonly FederatedOrganisation[] };

export const noIdentityFile: IdentityFile = { organisations: [] };

const word = Type.String({ minLength: 1, maxLength: 256 });
const words = Type.Array(word, { minItems: 1, maxItems: 1000 });
const closed = { additionalProperties: false };

const providerShape = Type.Object(
  {
    name: word,
    issuer: word,
    client_id: word,
    client_secret_file: Type.Optional(word),
    client_authentication: Type.Optional(Type.Enum(["basic", "post"])),
    scopes: Type.Optional(words),
    login_claim: Type.Optional(word),
    name_claim: Type.Optional(word),
    groups_claim: Type.Optional(word),
    step_up_acr: Type.Optional(words),
  },
  closed,
);
const ruleShape = Type.Object(
  {
    groups: Type.Optional(words),
    attributes: Type.Optional(Type.Record(Type.String({ pattern: "^.{1,256}$" }), Type.Union([word, words]))),
    roles: Type.Array(Type.Enum([...roles]), { minItems: 1 }),
    sites: Type.Optional(Type.Union([Type.Literal("all"), words])),
    regions: Type.Optional(words),
  },
  closed,
);
const fileShape = Type.Object(
  {
    version: Type.Literal(1),
    organisations: Type.Array(
      Type.Object(
        {
          id: Type.String({ pattern: "^[a-z][a-z0-9-]{0,31}$" }),
          provider: Type.Optional(providerShape),
          mapping: Type.Array(ruleShape, { maxItems: 1000 }),
        },
        closed,
      ),
      { minItems: 1, maxItems: 100 },
    ),
  },
  closed,
);

type Written = Static<typeof fileShape>;
type WrittenRule = Written["organisations"][number]["mapping"][number];
type WrittenProvider = Static<typeof providerShape>;
type Problem = (pointer: string, message: string) => void;

/** Reads the identity file and the secrets that it names, relative to its folder. All problems at once, each with its line. */
export function openIdentityFile(path: string): Result<IdentityFile, readonly FileProblem[]> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return refused([{ code: "file_content_wrong", file: path, line: 1, message: "the file cannot be read" }]);
  }
  return readIdentityFile(text, path, (name) => readFileSync(resolve(dirname(path), name), "utf8").trim());
}

/** `readSecret` answers the text of a file, or throws. */
export function readIdentityFile(
  text: string,
  file: string,
  readSecret: (name: string) => string,
): Result<IdentityFile, readonly FileProblem[]> {
  const read = readYamlWithLines(text, file, fileShape);
  if (!read.ok) return read;
  const { value, lineAt } = read.value;
  const problems: FileProblem[] = [];
  const problem: Problem = (pointer, message) => {
    problems.push({ code: "file_content_wrong", file, line: lineAt(pointer), message: `${pointer}: ${message}` });
  };
  const seen = new Set<string>();
  const organisations = value.organisations.map((written, index): FederatedOrganisation => {
    const at = `/organisations/${index}`;
    if (seen.has(written.id)) problem(`${at}/id`, `${written.id} stands twice`);
    seen.add(written.id);
    const provider =
      written.provider === undefined ? null : readProvider(written.provider, { at, problem, readSecret });
    return {
      id: written.id,
      provider,
      mapping: written.mapping.map((rule, i) => readRule(rule, `${at}/mapping/${i}`, problem)),
    };
  });
  return problems.length === 0 ? ok({ organisations }) : refused(problems);
}

/** A URL that secrets may be sent to: https, or http to this very machine. */
function safeUrl(text: string): URL | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") return null;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url)) ? url : null;
}

export function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "127.0.0.1" || hostname === "[::1]";
}

function readProvider(
  written: WrittenProvider,
  given: { readonly at: string; readonly problem: Problem; readonly readSecret: (name: string) => string },
): OidcProvider {
  const { at, problem, readSecret } = given;
  const issuer = safeUrl(written.issuer);
  if (issuer === null || issuer.search !== "" || issuer.hash !== "") {
    problem(
      `${at}/provider/issuer`,
      `${written.issuer} is not an https: URL without query (http: is taken for loopback only)`,
    );
  }
  return {
    name: written.name,
    issuer: written.issuer,
    clientId: written.client_id,
    clientSecret: secretOf(
      written.client_secret_file,
      () => problem(`${at}/provider/client_secret_file`, "cannot be read, or is empty"),
      readSecret,
    ),
    clientAuthentication: written.client_authentication ?? "basic",
    scopes: [...new Set(["openid", ...(written.scopes ?? ["profile", "email"])])],
    loginClaim: written.login_claim ?? "preferred_username",
    nameClaim: written.name_claim ?? "name",
    groupsClaim: written.groups_claim ?? "groups",
    stepUpAcr: written.step_up_acr ?? [],
  };
}

function secretOf(name: string | undefined, failed: () => void, readSecret: (name: string) => string): string | null {
  if (name === undefined) return null;
  try {
    const secret = readSecret(name);
    if (secret !== "") return secret;
  } catch {
    // Told below, by the setting and not by the system's words.
  }
  failed();
  return null;
}

function readRule(written: WrittenRule, at: string, problem: Problem): MappingRule {
  const attributes = Object.fromEntries(
    Object.entries(written.attributes ?? {}).map(([name, values]) => [name, [values].flat()]),
  );
  if (written.groups === undefined && Object.keys(attributes).length === 0) {
    problem(at, "says nobody: name groups, attributes, or both");
  }
  if (written.sites === undefined && written.regions === undefined) {
    problem(at, "says no place: name sites (a list, or all), regions, or both");
  }
  if (written.sites === "all" && written.regions !== undefined) problem(at, "sites: all leaves nothing for regions");
  const places =
    written.sites === "all" ? ("all" as const) : { sites: written.sites ?? [], regions: written.regions ?? [] };
  return { groups: written.groups ?? null, attributes, roles: written.roles, places };
}

import SCIMMY from "scimmy";

/** SCIM 2.0 (RFC 7643, 7644): schemas, messages and patches are scimmy's; what is kept, and what it means here, is ours. */

type Plain = { readonly [name: string]: unknown };

// What nobody needs to know here, or must not: it is not taken, so that it cannot leak.
const notTaken = ["password", "photos", "ims", "entitlements", "x509Certificates"];
SCIMMY.Schemas.User.truncate(notTaken);
// RFC 7643 section 8.7.1 knows no `display` of a member; a member is a person; and the empty list of kinds of role fits none.
SCIMMY.Schemas.Group.truncate("members.display");
subAttribute(SCIMMY.Schemas.Group, "members", "type").config.canonicalValues = ["User"];
subAttribute(SCIMMY.Schemas.Group, "members", "$ref").config.referenceTypes = ["User"];
subAttribute(SCIMMY.Schemas.User, "roles", "type").config.canonicalValues = false;
SCIMMY.Resources.declare(SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false));
SCIMMY.Resources.declare(SCIMMY.Resources.Group);
export const scimPageMax = 200;
SCIMMY.Config.set({
  patch: true,
  etag: true,
  filter: scimPageMax,
  authenticationSchemes: [
    {
      type: "oauthbearertoken",
      name: "API key",
      description: "A key of a service account with the scope scim:provision",
    },
  ],
});

export type ScimKind = "User" | "Group";

function subAttribute(schema: typeof SCIMMY.Types.Schema, name: string, sub: string): SCIMMY.Types.Attribute {
  const attribute = schema.definition.attribute(name);
  const found =
    attribute instanceof SCIMMY.Types.Attribute ? attribute.subAttributes?.find((one) => one.name === sub) : undefined;
  if (found === undefined) throw new Error(`the library's schema has no ${name}.${sub} any more`);
  return found;
}

/** A refusal in SCIM's words (RFC 7644 section 3.12). */
export function scimError(status: number, scimType: string | null, detail: string): Error {
  // The library's type wants a text where its code takes none.
  return new SCIMMY.Types.Error(status, scimType as string, detail);
}

/** The body of a refusal; null: it is none of SCIM's. */
export function scimErrorBody(fault: unknown): { readonly status: number; readonly body: object } | null {
  if (!(fault instanceof SCIMMY.Types.Error)) return null;
  const { status, scimType, message } = fault;
  return { status, body: errorBody({ status, scimType, detail: message }) };
}

export function errorBody(error: {
  readonly status: number;
  readonly scimType?: string;
  readonly detail: string;
}): object {
  const { status, scimType, detail } = error;
  const more = scimType === undefined || scimType === null ? {} : { scimType };
  return { schemas: [SCIMMY.Messages.ErrorResponse.id], status: String(status), ...more, detail };
}

function schemaOf(kind: ScimKind) {
  return kind === "User" ? SCIMMY.Schemas.User : SCIMMY.Schemas.Group;
}

/** Checks what came in and answers it as plain data with the names of the schema. Throws in SCIM's words. */
export function readScim(kind: ScimKind, body: unknown): Plain {
  const instance = expectingScim(() => new (schemaOf(kind))(withBooleans(objectOf(body)), "in"));
  return plainOf(instance);
}

/** Applies a PatchOp to a resource as it is kept; answers the new one as plain data, or null where nothing changed. */
export async function patchScim(kind: ScimKind, before: Plain, message: unknown): Promise<Plain | null> {
  const request = patchOf(objectOf(message), schemaOf(kind));
  const Schema = schemaOf(kind);
  // The library cannot remove an extension as a whole.
  const removesExtension = (operation: unknown) => isRemovalOf(operation, SCIMMY.Schemas.EnterpriseUser.id);
  const operations = request.Operations ?? [];
  const rest = operations.filter((operation) => !removesExtension(operation));
  const { [SCIMMY.Schemas.EnterpriseUser.id]: extension, ...bare } = before;
  const stripped = rest.length < operations.length && extension !== undefined;
  if (stripped && rest.length === 0) return readScim(kind, { ...bare, schemas: [Schema.id] });
  const source = stripped ? { ...bare, schemas: [Schema.id] } : before;
  return expectingScimLater(async () => {
    // In the library's types a message can only be of the exact shape that it then checks for.
    const patch = new SCIMMY.Messages.PatchOp({ ...request, Operations: rest } as never);
    const target: unknown = await patch.apply(
      new Schema(source, "out"),
      async (changed) => new Schema(plainOf(changed), "in"),
    );
    if (target !== undefined) return plainOf(target);
    return stripped ? readScim(kind, source) : null;
  });
}

function isRemovalOf(operation: unknown, path: string): boolean {
  if (typeof operation !== "object" || operation === null) return false;
  const { op, path: at } = operation as Plain;
  return (
    typeof op === "string" &&
    op.toLowerCase() === "remove" &&
    typeof at === "string" &&
    at.toLowerCase() === path.toLowerCase()
  );
}

export type ScimView = { readonly base: string; readonly query: Plain };

/** A resource as the asker wants to see it: with its location, and only the attributes that were asked for. */
export function showScim(kind: ScimKind, resource: Plain, view: ScimView): Plain {
  const { attributes } = wishesOf(kind, view.query);
  const base = `${view.base}/${kind}s`;
  const linked = withReferences(resource, view.base);
  // Wished for or not, `schemas` is always there; the library leaves it out with the rest.
  const { schemas } = plainOf(new (schemaOf(kind))(linked, "out", base));
  return { schemas, ...plainOf(new (schemaOf(kind))(linked, "out", base, attributes)) };
}

/** Where the members of a group and the groups of a person are. */
function withReferences(resource: Plain, base: string): Plain {
  const link = (name: string, to: string) => {
    const list = resource[name];
    if (!Array.isArray(list)) return {};
    return { [name]: list.map((one: Plain) => ({ ...one, $ref: `${base}/${to}/${String(one["value"])}` })) };
  };
  return { ...resource, ...link("members", "Users"), ...link("groups", "Groups") };
}

/** Throws `invalidFilter` and its like for wishes that cannot be read. */
export function wishesOf(kind: ScimKind, query: Plain) {
  const text = (name: string) => (typeof query[name] === "string" ? { [name]: query[name] } : {});
  const { User, Group } = SCIMMY.Resources;
  return expectingScim(() => {
    const Resource = kind === "User" ? User : Group;
    const wishes: { readonly filter?: SCIMMY.Types.Filter; readonly attributes?: SCIMMY.Types.Filter } = new Resource(
      undefined,
      {
        ...text("filter"),
        ...text("attributes"),
        ...text("excludedAttributes"),
      },
    );
    return wishes;
  });
}

/** The wishes of a search message (RFC 7644 section 3.4.3) as those of a query. */
export function searchWishes(message: unknown): Readonly<Record<string, string>> {
  const search = objectOf(message);
  if (![search["schemas"]].flat().includes(SCIMMY.Messages.SearchRequest.id)) {
    throw scimError(400, "invalidSyntax", "the body is no SearchRequest");
  }
  const names = ["filter", "attributes", "excludedAttributes", "startIndex", "count"];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = search[name];
      if (typeof value !== "string" && typeof value !== "number" && !Array.isArray(value)) return [];
      return [[name, [value].flat().join(",")]];
    }),
  );
}

/** Those that a filter fits, in their order. */
export function matchScim(filter: SCIMMY.Types.Filter, resources: readonly Plain[]): readonly Plain[] {
  return expectingScim(() => filter.match([...resources]) as readonly Plain[]);
}

/** The one value that a filter of the form `name eq "value"` asks for; null: it is another filter. */
export function equalTo(filter: string, name: string): string | null {
  const [, attribute, value] = /^\s*([A-Za-z.]+)\s+eq\s+("(?:[^"\\]|\\.)*")\s*$/i.exec(filter) ?? [];
  if (attribute?.toLowerCase() !== name.toLowerCase() || value === undefined) return null;
  try {
    return String(JSON.parse(value));
  } catch {
    return null;
  }
}

export function listBody(page: {
  readonly items: readonly Plain[];
  readonly startIndex: number;
  readonly total: number;
}): object {
  return {
    schemas: [SCIMMY.Messages.ListResponse.id],
    totalResults: page.total,
    startIndex: page.startIndex,
    itemsPerPage: page.items.length,
    Resources: page.items,
  };
}

export function serviceProviderConfig(base: string): object {
  return plainOf(new SCIMMY.Schemas.ServiceProviderConfig(SCIMMY.Config.get(), `${base}/ServiceProviderConfig`));
}

/** The descriptions of what there is, each with its location: by schema id, or by name of the type. */
export function schemaDescriptions(base: string): readonly Plain[] {
  return SCIMMY.Schemas.declared().map((schema) => plainOf(schema.describe(`${base}/Schemas`)));
}

export function resourceTypeDescriptions(base: string): readonly Plain[] {
  const declared = Object.values(SCIMMY.Resources.declared() as Readonly<Record<string, { describe: () => Plain }>>);
  return declared.map((resource) => {
    const said = resource.describe();
    const described = new SCIMMY.Schemas.ResourceType(said, `${base}/ResourceTypes`);
    return plainOf(described);
  });
}

function objectOf(body: unknown): Plain {
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as Plain;
  throw scimError(400, "invalidSyntax", "the body is not one JSON object");
}

/** Names are case-insensitive (RFC 7643 section 2.1), also those of the message itself. */
function patchOf(
  message: Plain,
  schema: typeof SCIMMY.Types.Schema,
): { readonly schemas: unknown; readonly Operations?: readonly unknown[] } {
  const operations = memberOf(message, "operations");
  if (!Array.isArray(operations)) return { schemas: memberOf(message, "schemas") };
  return {
    schemas: memberOf(message, "schemas"),
    Operations: operations.map((operation: unknown) => {
      if (typeof operation !== "object" || operation === null) return operation;
      const [op, path, value] = ["op", "path", "value"].map((name) => memberOf(operation as Plain, name));
      const flag = typeof path === "string" && /(^|[.:])(active|primary)$/i.test(path);
      const plain = flag ? booleanOf(value) : withoutSchemas(withBooleans(value));
      const given = path === undefined ? withNamesOf(schema, plain) : plain;
      return {
        ...(op === undefined ? {} : { op }),
        ...(path === undefined ? {} : { path: typeof path === "string" ? pathOf(schema, path) : path }),
        ...(given === undefined ? {} : { value: given }),
      };
    }),
  };
}

/** The names of a value without a path as the schema writes them; names that it does not know stay, and are refused later. */
function withNamesOf(schema: typeof SCIMMY.Types.Schema, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const known = namesOf(schema);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      known.find((own) => own.toLowerCase() === name.toLowerCase()) ?? name,
      member,
    ]),
  );
}

/** Extensions stand among the attributes, though the types do not know it, and are written by their id. */
function namesOf(schema: typeof SCIMMY.Types.Schema): readonly string[] {
  const attributes: readonly { readonly name: string; readonly id?: string }[] = schema.definition.attributes;
  return attributes.map((one) => one.id ?? one.name);
}

/** A path whose attribute is written as the schema does; what is behind it stays as it is. */
function pathOf(schema: typeof SCIMMY.Types.Schema, path: string): string {
  const lower = path.toLowerCase();
  const name = namesOf(schema).find((own) => {
    const next = path.charAt(own.length);
    return lower.startsWith(own.toLowerCase()) && (next === "" || ".:[".includes(next));
  });
  return name === undefined ? path : `${name}${path.slice(name.length)}`;
}

function memberOf(object: Plain, name: string): unknown {
  const own = Object.keys(object).find((key) => key.toLowerCase() === name);
  return own === undefined ? undefined : object[own];
}

/** Some providers send "False" where false is meant; anywhere else a text stays a text. */
function withBooleans(value: unknown): Plain {
  if (Array.isArray(value)) return value.map((one: unknown) => withBooleans(one)) as unknown as Plain;
  if (typeof value !== "object" || value === null) return value as Plain;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      /^(active|primary)$/i.test(name) ? booleanOf(member) : withBooleans(member),
    ]),
  );
}

/** Some providers repeat `schemas` inside the value of an extension, where nothing expects it. */
function withoutSchemas(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => (name === "schemas" ? [] : [[name, withoutSchemas(member)]])),
  );
}

function booleanOf(value: unknown): unknown {
  if (typeof value !== "string" || !/^(true|false)$/i.test(value)) return value;
  return value.toLowerCase() === "true";
}

/** The library's instances are full of accessors; what is kept and compared is what they print as. */
function plainOf(instance: unknown): Plain {
  return JSON.parse(JSON.stringify(instance)) as Plain;
}

function expectingScim<T>(work: () => T): T {
  try {
    return work();
  } catch (fault) {
    throw inScimWords(fault);
  }
}

async function expectingScimLater<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (fault) {
    throw inScimWords(fault);
  }
}

/** Of checking what came in, TypeErrors are refusals too: they are how the library says that a value does not fit. */
function inScimWords(fault: unknown): unknown {
  return fault instanceof TypeError ? scimError(400, "invalidValue", fault.message) : fault;
}

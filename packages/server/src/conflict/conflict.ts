/** `conflict` of `privacy.yaml`: the roles that handle a case about a colleague, and sites where they are others. */
export type ConflictPolicy = {
  readonly handlers: readonly string[];
  readonly sites: Readonly<Record<string, readonly string[]>>;
};

// Whoever answers subjects must find what is kept about them, wherever it is handled.
const always = "data_protection_officer";

/** Who handles a case about a colleague of this site. */
export function handlersAt(policy: ConflictPolicy, siteId: string): readonly string[] {
  const own = Object.hasOwn(policy.sites, siteId) ? policy.sites[siteId] : undefined;
  return [...new Set([...(own ?? policy.handlers), always])].sort();
}

/** What keeps somebody from a case about a colleague: of the live stream, which no database guards. */
export type CaseWall = {
  readonly subjects: readonly string[];
  readonly handlers: readonly string[] | null;
  readonly reporter: string | null;
};

/** Whether somebody may be told of a case: not when it is about him; where it has handlers, when he is one or reported it. */
export function isTold(
  wall: CaseWall,
  reader: {
    readonly token: string;
    readonly kind: string;
    readonly roles: readonly string[];
    readonly partner: boolean;
  },
): boolean {
  if (reader.kind === "administrator") return true;
  if (wall.subjects.includes(reader.token)) return false;
  if (wall.handlers === null || reader.partner || wall.reporter === reader.token) return true;
  return reader.roles.some((role) => wall.handlers?.includes(role));
}

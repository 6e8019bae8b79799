/**
 * What a list, a count or a stream may be made of, as policy granted it for this action: made of explicit ids, so that SQL and
 * row-level security can filter by it. Ids are of the directory's sites.
 */
export type Scope = {
  readonly organisationId: string;
  readonly sites: readonly string[];
  /** Every site of the organisation, also those that the directory no longer has. */
  readonly everySite?: boolean;
  /** The whole installation: jobs and stages only, never a request. */
  readonly all: boolean;
  /** Categories whose cases are restricted, and the sites of `sites` where they are granted too. */
  readonly restricted: { readonly categories: readonly string[]; readonly sites: readonly string[] };
  /** Who asks: cases about him are not there. null: nobody that a case could be about. */
  readonly me?: string | null;
  /** His roles: a case about a colleague is there for its handlers. "every": policy was asked about the very case. */
  readonly roles?: readonly string[] | "every";
};

/** For jobs and stages, which work for the installation and not for somebody. */
export function wholeInstallation(organisationId: string): Scope {
  return { organisationId, sites: [], all: true, restricted: { categories: [], sites: [] } };
}

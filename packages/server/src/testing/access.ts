import type { Access } from "../access/ask.ts";
import type { CaseFacts, Facts, Finders, SiteFacts } from "../access/facts.ts";
import { loadPolicies, type PolicySet } from "../access/policy/policy-set.ts";
import { openAccess } from "../app/access.ts";
import { Directory } from "../enrich/directory.ts";
import { systemClock, type Clock } from "../platform/clock.ts";
import { silentLog } from "../platform/log.ts";
import type { Db } from "../schema.ts";
import { testDirectoryData } from "./directory.ts";
import { shippedPolicies } from "./pack.ts";

let loaded: PolicySet | undefined;

/** The shipped policies. Throws with their problems. */
export function testPolicies(): PolicySet {
  if (loaded !== undefined) return loaded;
  const read = loadPolicies(shippedPolicies());
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  loaded = read.value;
  return loaded;
}

/** Asks as ever, and lets everybody see the whole database: for tests of other things, whose rows have no site and no incident. */
function withoutWall(access: Access): Access {
  const [scope, reach, siteOnly] = [access.scope.bind(access), access.reach.bind(access), access.siteOnly.bind(access)];
  access.scope = async (...asked) => {
    const granted = await scope(...asked);
    return granted === null ? null : { ...granted, all: true };
  };
  access.reach = (...asked) => ({ ...reach(...asked), all: true });
  access.siteOnly = (...asked) => ({ ...siteOnly(...asked), all: true });
  return access;
}

/** Asks the shipped policies over this database; `finders` are for tests whose things are in no table. */
export function testAccess(
  db: Db,
  given: {
    readonly sites?: readonly { readonly id: string; readonly region: string | null }[];
    readonly clock?: Clock;
    readonly finders?: Finders;
    readonly walled?: boolean; // nobody sees more than the application would let him
  } = {},
): Access {
  const [shop] = testDirectoryData.sites;
  const sites =
    shop === undefined || given.sites === undefined
      ? testDirectoryData.sites
      : given.sites.map(({ id, region }) => ({ ...shop, id, region }));
  const directory = new Directory({ ...testDirectoryData, sites });
  const clock = given.clock ?? systemClock;
  const { finders = {} } = given;
  const policies = testPolicies();
  const access = openAccess({ db, policies, directory: () => directory, clock, log: silentLog, finders });
  return given.walled === true ? access : withoutWall(access);
}

export const testSite: SiteFacts = { id: "S-1", organisationId: "home", region: null, country: null, kind: "store" };

/** A case of the test shop that nobody reported and nobody owns. */
export function testCase(kind: CaseFacts["kind"], id: string, more: Partial<CaseFacts> = {}): CaseFacts {
  const plain = { sensitivity: "normal", reporter: null, owner: null, subjects: [], sharedWith: [] } as const;
  return { kind, id, incidentId: id, site: testSite, ...plain, ...more };
}

/** A finder over one table: `known` says whether the id is there. */
export function finderOf(kind: CaseFacts["kind"], known: (id: string) => Promise<boolean>) {
  return async (id: string): Promise<Facts | null> => ((await known(id)) ? testCase(kind, id) : null);
}

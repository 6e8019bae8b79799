import type { ObjectKind } from "./route-access.ts";

/** What policy knows of a site. */
export type SiteFacts = {
  readonly id: string;
  readonly organisationId: string;
  readonly region: string | null;
  readonly country: string | null; // ISO 3166-1 alpha-2
  readonly kind: string;
};

export type Sensitivity = "normal" | "restricted";

/** What policy knows of a case and of what belongs to it. */
export type CaseFacts = {
  readonly kind: "incident" | "exhibit" | "packet";
  readonly id: string;
  readonly incidentId: string;
  readonly site: SiteFacts;
  readonly sensitivity: Sensitivity;
  readonly reporter: string | null; // token
  readonly owner: string | null; // token
  readonly subjects: readonly string[]; // tokens of colleagues whom it is about
  readonly sharedWith: readonly string[]; // ids of organisations
  readonly handlers?: readonly string[] | null; // roles that handle a case about a colleague; null: as usual
};

/** One thing that somebody asks about. */
export type Facts =
  | { readonly kind: "platform" | "organisation" | "own" }
  | { readonly kind: "site"; readonly site: SiteFacts; readonly sensitivity: Sensitivity }
  | CaseFacts
  | { readonly kind: "account"; readonly id: string; readonly organisationId: string; readonly token: string }
  | {
      readonly kind: "grant";
      readonly id: string;
      readonly organisationId: string;
      readonly askedBy: string;
      readonly site: SiteFacts | null; // of the place that it opens; null: there is no such place
    };

/** Finds the facts of one thing; null: there is none. An id is what a stranger wrote. */
export type Finder = (id: string) => Promise<Facts | null>;
export type Finders = Readonly<Partial<Record<ObjectKind, Finder>>>;

/** The sites that there are, of every organisation. A new version means that answers by site are asked anew. */
export type Places = {
  readonly version: string;
  readonly sites: readonly SiteFacts[];
};

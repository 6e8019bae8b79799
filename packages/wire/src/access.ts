/** Who is signed in, and what leads anywhere for them. */
export type WhoAmI = {
  readonly actor: string; // token
  readonly kind: "administrator" | "device" | "person" | "service";
  readonly organisationId: string;
  readonly roles: readonly string[];
  readonly sessionId: string | null;
  readonly signedInAt: string | null;
  readonly steppedUpAt: string | null;
  readonly expiresAt: string | null;
  readonly may: readonly string[]; // names of actions, also where a purpose or a second proof is asked first
};

/** Why somebody looks at a case, for some hours. Purpose and ground are words of the pack's policies. */
export type StatedGround = {
  readonly id: string;
  readonly incidentId: string;
  readonly purpose: string;
  readonly ground: string;
  readonly statedAt: string;
  readonly expiresAt: string;
};

/** What somebody stated and still holds, and the words to choose from. */
export type StatedGrounds = {
  readonly items: readonly StatedGround[];
  readonly purposes: readonly string[]; // those that are possible for whoever asks
  readonly refusedPurposes: readonly { readonly purpose: string; readonly says: string }[]; // those that never are, with the reason
  readonly grounds: readonly string[];
  readonly hours: number;
};

export type AccessGrantState = "requested" | "active" | "refused" | "ended";

/** Access for a time: approved by another person, or taken in an emergency (`break_glass`) and reviewed by another person. */
export type AccessGrant = {
  readonly id: string;
  readonly kind: "granted" | "break_glass";
  readonly actor: string; // token of whoever gets it
  readonly incidentId: string | null;
  readonly ref: string | null; // of the case; null to whoever only sees the own: an id that was guessed tells nothing
  readonly siteId: string | null;
  readonly purpose: string | null;
  readonly ground: string | null;
  readonly because: string | null; // null: erased
  readonly askedAt: string;
  readonly hours: number;
  readonly state: AccessGrantState;
  readonly decidedBy: string | null;
  readonly endsAt: string | null;
  readonly reviewBy: string | null;
  readonly reviewedBy: string | null;
  readonly review: "justified" | "not_justified" | null;
  readonly reviewBecause: string | null; // null: not reviewed, erased, or reviewed before a reason was asked for
  readonly overdue: boolean; // should have been reviewed by now
};

/** A case that another organisation may see until an instant. */
export type CaseShareView = {
  readonly id: string;
  readonly incidentId: string;
  readonly ref: string;
  readonly organisation: string; // name of whose case it is
  readonly partnerId: string;
  readonly partner: string; // name of who may see it
  readonly ground: string;
  readonly sharedAt: string;
  readonly sharedBy: string;
  readonly endsAt: string;
  readonly revokedAt: string | null;
};

/** An organisation that cases may be shared with. */
export type SharePartner = { readonly id: string; readonly name: string; readonly kind: string };

/** Which role may do what, each cell asked of the policies. */
export type PolicyMatrix = {
  readonly version: string;
  readonly roles: readonly string[];
  readonly rows: readonly {
    readonly action: string;
    readonly says: string;
    readonly cells: readonly PolicyMatrixCell[]; // one a role, in their order
  }[];
  readonly policies: readonly {
    readonly id: string;
    readonly effect: "permit" | "forbid";
    readonly says: string;
    readonly owner: string;
    readonly date: string;
    readonly review: string;
    readonly overdue: boolean;
    readonly file: string;
    readonly line: number;
    readonly text: string;
  }[];
};

/** `needs`: what must be stated or proven for it; `by`: the policies that decided. */
export type PolicyMatrixCell = {
  readonly answer: "allowed" | "with_purpose" | "with_second_proof" | "with_both" | "own_only" | "refused";
  readonly by: readonly string[];
};

/** A sealed packet that was handed to a named recipient. */
export type ReleaseView = {
  readonly id: string;
  readonly packetId: string;
  readonly incidentId: string;
  readonly recipient: {
    readonly kind: "partner" | "outside";
    readonly partnerId: string | null;
    readonly agency: string;
    readonly person: string | null; // null: any of the partner's people
    readonly reference: string | null; // the recipient's own case number
  };
  readonly channel: string;
  readonly link: ReleaseLinkView | null; // the newest by which somebody outside takes it; null: none was made
  readonly purpose: string;
  readonly ground: string;
  readonly because: string;
  readonly noted: readonly { readonly code: string; readonly count: number }[]; // what stood against it
  readonly despite: string | null; // why it left all the same
  readonly holds: readonly { readonly id: string; readonly ground: string }[]; // that kept the case then; of a partner none
  readonly sha256: string;
  readonly bytes: number;
  readonly releasedAt: string;
  readonly releasedBy: string;
  readonly takenAt: string | null; // null: nobody has it yet
  readonly takenBy: string | null;
  readonly withdrawnAt: string | null;
  readonly withdrawnBy: string | null;
  readonly withdrawnBecause: string | null;
};

/** Something that stands against a release. `grounds`: those under which it may leave all the same, if somebody says why. */
export type ReleaseObstacle = {
  readonly code: string;
  readonly says: string;
  readonly remedy: string;
  readonly grounds: readonly string[];
  readonly count: number;
};

/** A one-time link of a release. Its address and its code are shown once, when it is made. */
export type ReleaseLinkView = {
  readonly id: string;
  readonly state: string; // open, opened, used, expired, ended, tries_spent, release_withdrawn, release_withheld, packet_gone, organisation_ended
  readonly madeAt: string;
  readonly madeBy: string;
  readonly expiresAt: string;
  readonly openedAt: string | null;
  readonly triesLeft: number;
  readonly refusals: number; // how often it did not open
};

/** 201 of `POST /api/v1/packets/{id}/releases/{releaseId}/links`: shown once. */
export type ReleaseLinkMade = {
  readonly id: string;
  readonly path: string;
  readonly code: string;
  readonly expiresAt: string;
};

/** A legal hold on the case, as whoever releases is told of it. */
export type ReleaseHoldView = {
  readonly id: string;
  readonly ground: string;
  readonly matter: string | null; // null: erased
  readonly at: string;
};

/** The releases of a case, and what another one could name. */
export type ReleasesView = {
  readonly items: readonly ReleaseView[];
  readonly partners: readonly { readonly id: string; readonly name: string; readonly kind: string }[]; // it is shared with
  readonly standing: readonly ReleaseObstacle[];
  readonly holds: readonly ReleaseHoldView[]; // that keep the case now: whoever releases names them
  readonly purposes: readonly string[];
  readonly grounds: readonly string[];
  readonly channels: readonly string[];
};

/** A case that is kept while a matter is open. */
export type CaseHoldView = {
  readonly id: string;
  readonly ground: string;
  readonly matter: string | null; // null: erased
  readonly because: string;
  readonly at: string;
  readonly actor: string;
  readonly endedAt: string | null; // null: in force
  readonly endedBy: string | null;
};

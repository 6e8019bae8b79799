import { Type, type Static } from "typebox";

const Minutes = Type.Number({ minimum: 0, maximum: 24 * 60 });

/** `correlate.yaml`: how near two things must be to belong together. All spans are half-open. */
export const CorrelationFile = Type.Object({
  version: Type.String({ minLength: 1 }),
  same_zone_minutes: Minutes,
  adjacent_zone_minutes: Minutes,
  same_device_minutes: Minutes,
  same_item_minutes: Minutes,
  same_article_minutes: Type.Optional(Minutes), // absent: as same_item_minutes
  same_terminal_minutes: Minutes,
  same_person_track_minutes: Minutes,
  situation_max_minutes: Type.Number({ minimum: 1 }),
  situation_members_max: Type.Integer({ minimum: 2, maximum: 1_000 }),
  same_model_minutes: Type.Optional(Minutes), // absent: each signal tells it anew
  sale_explains: Type.Object({
    before_minutes: Minutes,
    after_minutes: Minutes,
    unknown_items_minutes: Type.Optional(Minutes),
  }),
  joins_without_detection: Type.Object({ context: Type.Array(Type.String()), exculpatory: Type.Array(Type.String()) }),
});

export type CorrelationPolicy = {
  readonly version: string;
  readonly sameZoneMs: number;
  readonly adjacentZoneMs: number;
  readonly sameDeviceMs: number;
  readonly sameItemMs: number;
  readonly sameArticleMs: number; // where one of the two knows no pieces
  readonly sameTerminalMs: number;
  readonly sameTrackMs: number;
  readonly sameModelMs: number; // what a model finds odd is told once so long
  readonly situationMs: number; // from first to last member
  readonly membersMax: number;
  readonly contextTypes: ReadonlySet<string>; // classes that join without a detection and tell the story
  readonly explain: { readonly beforeMs: number; readonly afterMs: number; readonly unknownItemsMs: number };
};

const minuteMs = 60_000;
// An alarm that names no item and a sale a minute and a half earlier: probably a forgotten deactivation.
const unknownItemsMinutes = 1.5;

export function toCorrelationPolicy(file: Static<typeof CorrelationFile>): CorrelationPolicy {
  return {
    version: file.version,
    sameZoneMs: file.same_zone_minutes * minuteMs,
    adjacentZoneMs: file.adjacent_zone_minutes * minuteMs,
    sameDeviceMs: file.same_device_minutes * minuteMs,
    sameItemMs: file.same_item_minutes * minuteMs,
    sameArticleMs: (file.same_article_minutes ?? file.same_item_minutes) * minuteMs,
    sameTerminalMs: file.same_terminal_minutes * minuteMs,
    sameTrackMs: file.same_person_track_minutes * minuteMs,
    sameModelMs: (file.same_model_minutes ?? 0) * minuteMs,
    situationMs: file.situation_max_minutes * minuteMs,
    membersMax: file.situation_members_max,
    contextTypes: new Set(file.joins_without_detection.context),
    explain: {
      beforeMs: file.sale_explains.before_minutes * minuteMs,
      afterMs: file.sale_explains.after_minutes * minuteMs,
      unknownItemsMs: (file.sale_explains.unknown_items_minutes ?? unknownItemsMinutes) * minuteMs,
    },
  };
}

/** The longest time by which two members of a situation may lie apart: how far back open situations are looked up. */
export function longestReachMs(policy: CorrelationPolicy): number {
  return Math.max(
    policy.sameZoneMs,
    policy.adjacentZoneMs,
    policy.sameDeviceMs,
    policy.sameItemMs,
    policy.sameArticleMs,
    policy.sameTerminalMs,
    policy.sameTrackMs,
    policy.sameModelMs,
    policy.explain.beforeMs,
    policy.explain.afterMs,
  );
}

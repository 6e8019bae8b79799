/** Whether a silence holds now, will hold, or is over (its time came, or somebody ended it). */
export const silenceStates = ["to_come", "active", "ended"] as const;
export type SilenceState = (typeof silenceStates)[number];

/**
 * What silences did to a score. `by`: ids of those that cover a detection of the situation. `severity`: what the situation comes to without
 * what they cover. `hides`: with it the situation would have opened an incident, without it not, so nobody is told.
 */
export type Silenced = {
  readonly by: readonly string[];
  readonly severity: number;
  readonly hides: boolean;
};

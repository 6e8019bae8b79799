// What both JavaScript and timestamptz write with four digits of year.
export const storableMs = { earliest: Date.UTC(1900, 0, 1), latest: Date.UTC(9999, 11, 31) } as const;

export function isStorable(ms: number): boolean {
  return ms >= storableMs.earliest && ms <= storableMs.latest;
}

/** The rows as the reader last saw them, in memory only, so that "next" on an incident means next in that list. */
let shownIds: readonly string[] = [];

export function noteQueueOrder(ids: readonly string[]): void {
  shownIds = ids;
}

/** null: the list has no further row, or the reader came by a link and saw no list. */
export function nextInQueue(id: string): string | null {
  const index = shownIds.indexOf(id);
  return index === -1 ? (shownIds[0] ?? null) : (shownIds[index + 1] ?? null);
}

export const partitionCount = 16;

/**
 * The partition of a site: FNV-1a (32 bit) over the UTF-8 of its id, folded to four bits by xor. Stable for ever: the log
 * of a site must not move. Site ids are ASCII (wire/ids.ts), so a code unit is a byte.
 */
export function partitionOf(siteId: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < siteId.length; index++) {
    hash = Math.imul(hash ^ siteId.charCodeAt(index), 0x01000193);
  }
  hash ^= hash >>> 16;
  hash ^= hash >>> 8;
  return (hash ^ (hash >>> 4)) & (partitionCount - 1);
}

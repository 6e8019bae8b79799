export type ByteSpan = { readonly from: number; readonly to: number };

/**
 * Reads a Range header (RFC 9110 section 14.1.2) against the length of what is served. `whole` when there is none, or one that we need
 * not honour (several ranges, another unit); `unsatisfiable` when nothing of it lies inside. Spans are half-open.
 */
export function parseRange(header: string | undefined, length: number): ByteSpan | "whole" | "unsatisfiable" {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return "whole";
  if (first === "") {
    const suffix = Number(last);
    return suffix === 0 || length === 0 ? "unsatisfiable" : { from: Math.max(0, length - suffix), to: length };
  }
  const from = Number(first);
  const to = last === "" ? length : Math.min(length, Number(last) + 1);
  if (last !== "" && Number(last) < from) return "whole"; // an invalid range is ignored, says the RFC
  return from >= length ? "unsatisfiable" : { from, to };
}

/** `attachment` with the name in both forms of RFC 6266: what came from outside is never shown in the page's own origin. */
export function attachmentHeader(name: string): string {
  const ascii = name.replaceAll(/[^A-Za-z0-9 ._()-]/g, "_");
  const encoded = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

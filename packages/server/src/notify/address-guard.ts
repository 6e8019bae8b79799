import { ok, refused, type Result } from "@tillwatch/wire";

export type UrlRefusal = {
  readonly code: "webhook_url_malformed" | "webhook_url_scheme_refused" | "webhook_address_refused";
  readonly says: string;
};

const urlCharactersMax = 2_000;

/**
 * Whether a URL may be an endpoint at all. The name behind it is resolved and checked again at every attempt, because what a
 * name points to can change after it was checked.
 */
export function parseEndpointUrl(raw: string, allowPrivate: boolean): Result<URL, UrlRefusal> {
  const url = raw.length <= urlCharactersMax && URL.canParse(raw) ? new URL(raw) : null;
  if (url === null)
    return refused({ code: "webhook_url_malformed", says: "this is not a URL of at most 2000 characters" });
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return refused({ code: "webhook_url_scheme_refused", says: "an endpoint is reached by https or http" });
  }
  if (url.username !== "" || url.password !== "" || url.hash !== "") {
    return refused({ code: "webhook_url_malformed", says: "no user name, password or fragment may stand in the URL" });
  }
  const literal = literalAddress(url.hostname);
  if (literal !== null && !allowPrivate && !isPublicAddress(literal)) {
    return refused({ code: "webhook_address_refused", says: `${literal} is not an address on the public internet` });
  }
  return ok(url);
}

/** The address where the host is one, not a name. `URL` has already turned 0x7f.1 and 2130706433 into 127.0.0.1. */
export function literalAddress(hostname: string): string | null {
  if (hostname.startsWith("[")) return hostname.slice(1, -1);
  return /^\d+\.\d+\.\d+\.\d+$/.test(hostname) ? hostname : null;
}

/**
 * Whether an address is on the public internet: not this machine, not a private, shared, link-local or documentation network
 * (IANA special-purpose registries), not a way to smuggle one in (IPv4 inside IPv6). What cannot be read is not public.
 */
export function isPublicAddress(address: string): boolean {
  const v4 = parseV4(address);
  if (v4 !== null) return !specialV4.some(([base, bits]) => prefixOf(v4, bits) === prefixOf(base, bits));
  const v6 = parseV6(address);
  if (v6 === null) return false;
  return (
    v6 >> 125n === 1n && !specialV6.some(([base, bits]) => v6 >> BigInt(128 - bits) === base >> BigInt(128 - bits))
  );
}

const specialV4: readonly (readonly [number, number])[] = [
  [v4Of(0, 0, 0), 8],
  [v4Of(10, 0, 0), 8],
  [v4Of(100, 64, 0), 10],
  [v4Of(127, 0, 0), 8],
  [v4Of(169, 254, 0), 16],
  [v4Of(172, 16, 0), 12],
  [v4Of(192, 0, 0), 24],
  [v4Of(192, 0, 2), 24],
  [v4Of(192, 88, 99), 24],
  [v4Of(192, 168, 0), 16],
  [v4Of(198, 18, 0), 15],
  [v4Of(198, 51, 100), 24],
  [v4Of(203, 0, 113), 24],
  [v4Of(224, 0, 0), 3], // multicast and reserved
];

// Inside 2000::/3, the only part in public use: everything else is refused above.
const specialV6: readonly (readonly [bigint, number])[] = [
  [0x2001n << 112n, 23], // protocol assignments, Teredo
  [0x2001_0db8n << 96n, 32], // documentation
  [0x2002n << 112n, 16], // 6to4: carries any IPv4 address
  [0x3fffn << 112n, 20], // documentation
];

function v4Of(a: number, b: number, c: number): number {
  return ((a << 24) | (b << 16) | (c << 8)) >>> 0;
}

function prefixOf(address: number, bits: number): number {
  return Math.floor(address / 2 ** (32 - bits));
}

function parseV4(text: string): number | null {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) return null;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

/** Colon groups with at most one `::`; a dotted tail (IPv4 inside) is not public anyway and therefore not read. */
function parseV6(text: string): bigint | null {
  const [head = "", tail, more] = text.split("::");
  if (more !== undefined || text.includes("%")) return null;
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...left, ...Array<string>(missing).fill("0"), ...right];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return null;
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

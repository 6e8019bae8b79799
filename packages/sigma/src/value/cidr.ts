/** An address as 32-bit words: one for IPv4, four for IPv6. */
export type Address = readonly number[];
export type Network = { readonly words: Address; readonly prefixBits: number };

/**
 * Reads an IPv4 or IPv6 address (RFC 4291 section 2.2). A zone (`%eth0`) is dropped; an IPv4-mapped IPv6 address
 * (`::ffff:10.0.0.1`) is the IPv4 address, since dual-stack sockets log IPv4 peers in that way. Anything else: null.
 */
export function parseAddress(text: string): Address | null {
  if (text.length > 64) return null;
  if (!text.includes(":")) return parseV4(text);
  const zone = text.indexOf("%");
  const words = parseV6(zone < 0 ? text : text.slice(0, zone));
  if (words === null) return null;
  const [a, b, c, d] = words;
  return a === 0 && b === 0 && c === 0xffff && d !== undefined ? [d] : words;
}

/** Reads `address/prefix`. The address must be the network's own: bits behind the prefix are zero. */
export function parseNetwork(text: string): Network | "malformed" | "host_bits" {
  const slash = text.indexOf("/");
  const address = text.slice(0, Math.max(slash, 0));
  const prefix = text.slice(slash + 1);
  if (slash < 0 || !/^(0|[1-9]\d{0,2})$/.test(prefix)) return "malformed";
  const words = address.includes(":") ? parseV6(address) : parseV4(address);
  const prefixBits = Number(prefix);
  if (words === null || prefixBits > words.length * 32) return "malformed";
  const clean = words.every((word, index) => (word & ~maskOf(prefixBits - index * 32)) === 0);
  return clean ? { words, prefixBits } : "host_bits";
}

export function isInNetwork(address: Address, network: Network): boolean {
  if (address.length !== network.words.length) return false;
  for (let index = 0; index < address.length; index += 1) {
    const mask = maskOf(network.prefixBits - index * 32);
    if ((((address[index] ?? 0) ^ (network.words[index] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}

function maskOf(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? -1 : -1 << (32 - bits);
}

function parseV4(text: string): Address | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  let word = 0;
  for (const part of parts) {
    // No leading zeros: some readers take them for octal, so the meaning would be a guess.
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return null;
    word = word * 256 + Number(part);
  }
  return [word];
}

function parseV6(text: string): Address | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? "", true) : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail];
  return [0, 2, 4, 6].map((at) => (groups[at] ?? 0) * 65_536 + (groups[at + 1] ?? 0));
}

function parseGroups(text: string, mayEndInV4: boolean): number[] | null {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (mayEndInV4 && index === parts.length - 1 && part.includes(".")) {
      const v4 = parseV4(part);
      if (v4 === null) return null;
      const word = v4[0] ?? 0;
      groups.push(Math.floor(word / 65_536), word % 65_536);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return null;
    }
  }
  return groups.length > 8 ? null : groups;
}

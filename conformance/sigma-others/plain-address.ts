import { isIPv4, isIPv6 } from "node:net";
import type { Reading } from "./plain-reading.ts";

type Address = { readonly bits: bigint; readonly width: 32 | 128 };

/** Whether an address lies in a network (`10.0.0.0/8`). */
export function cidrHolds(network: string, text: string, reading: Reading): boolean {
  const [base = "", prefix = "0"] = network.split("/");
  const [wanted, given] = [plainAddress(base), addressOf(text, reading)];
  if (wanted === null || given === null || wanted.width !== given.width) return false;
  const behind = BigInt(wanted.width - Number(prefix));
  return wanted.bits >> behind === given.bits >> behind;
}

function addressOf(text: string, reading: Reading): Address | null {
  const [bare = "", zone] = text.split("%");
  if (zone !== undefined && (reading.has("zones") || !isIPv6(bare))) return null;
  const address = plainAddress(bare);
  if (address === null || address.width === 32 || reading.has("mapped_addresses")) return address;
  return address.bits >> 32n === 0xffffn ? { bits: address.bits & 0xffffffffn, width: 32 } : address;
}

function plainAddress(text: string): Address | null {
  if (isIPv4(text)) return { bits: v4Bits(text), width: 32 };
  if (!isIPv6(text) || text.includes("%")) return null;
  const last = text.slice(text.lastIndexOf(":") + 1);
  const hex = (bits: bigint) => `${(bits >> 16n).toString(16)}:${(bits & 0xffffn).toString(16)}`;
  const plain = isIPv4(last) ? text.slice(0, -last.length) + hex(v4Bits(last)) : text;
  const [head = "", tail] = plain.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":"));
  const [before, after] = [groups(head), groups(tail ?? "")];
  const missing = tail === undefined ? 0 : 8 - before.length - after.length;
  const all = [...before, ...Array.from({ length: missing }, () => "0"), ...after];
  return { bits: all.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n), width: 128 };
}

function v4Bits(text: string): bigint {
  return text.split(".").reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

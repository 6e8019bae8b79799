import { isJsonObject, type JsonObject, type JsonValue } from "@tillwatch/wire";
import type { KnownItem } from "../flow.ts";
import type { Directory } from "./directory.ts";

// A pallet read at a dock can hold thousands of tags; an incident needs no more than this.
const itemsMax = 1_000;

/** The articles that a signal names by EPC, SKU or receipt line, with their list value. */
export function knownItems(data: JsonObject, directory: Directory): readonly KnownItem[] {
  const epcs = [...strings(data["epcs"]), ...strings(data["epc"])];
  const byEpc = epcs.map((epc) => {
    const product = directory.productOfEpc(epc);
    return { sku: product?.sku ?? null, epc, valueMinor: product?.valueMinor ?? null, quantity: 1 };
  });
  const lines = Array.isArray(data["lines"])
    ? data["lines"].filter(isJsonObject).flatMap((line) => lineItems(line, directory))
    : [];
  const skus = epcs.length > 0 || lines.length > 0 ? [] : [...strings(data["sku"]), ...strings(data["skus"])];
  const quantity = skus.length === 1 ? countOf(data["units"]) : 1;
  const bySku = skus.map((sku) => ({
    sku,
    epc: null,
    valueMinor: directory.product(sku)?.valueMinor ?? null,
    quantity,
  }));
  return [...byEpc, ...lines, ...bySku].slice(0, itemsMax);
}

function lineItems(line: JsonObject, directory: Directory): readonly KnownItem[] {
  const [epc = null] = strings(line["epc"]);
  const [named = null] = strings(line["sku"]);
  const product = named === null ? (epc === null ? null : directory.productOfEpc(epc)) : directory.product(named);
  const sku = named ?? product?.sku ?? null;
  if (sku === null && epc === null) return [];
  return [{ sku, epc, valueMinor: product?.valueMinor ?? null, quantity: countOf(line["quantity"]) }];
}

/** List value of what is known; items without a price count nothing. */
export function valueOf(items: readonly KnownItem[]): number {
  return items.reduce((sum, item) => sum + (item.valueMinor ?? 0) * item.quantity, 0);
}

export function countItems(items: readonly KnownItem[]): number {
  return items.reduce((sum, item) => sum + item.quantity, 0);
}

function strings(value: JsonValue | undefined): readonly string[] {
  const list = Array.isArray(value) ? (value as readonly JsonValue[]) : [value];
  return list.filter((item) => typeof item === "string").slice(0, itemsMax);
}

function countOf(value: JsonValue | undefined): number {
  return typeof value === "number" && Number.isInteger(value) && value > 0 ? value : 1;
}

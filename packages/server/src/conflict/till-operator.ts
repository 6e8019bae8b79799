import type { FieldVault } from "../platform/keys/field-vault.ts";

/** Members of a till's signal that name who works at it (docs/formats/signals.md), by a token. */
export const operatorMembers = ["cashier", "staff", "badge"] as const;

/** One spelling of a till operator's token: without space around it, composed (NFKC), small letters. */
export function normalOperator(operator: string): string {
  return operator.normalize("NFKC").trim().toLowerCase();
}

/** The keyed digest that it is found by. Wherever one is compared, it is by this. */
export function operatorIndexOf(fields: FieldVault, operator: string): string {
  return Buffer.from(fields.blindIndex("till_operator", normalOperator(operator))).toString("hex");
}

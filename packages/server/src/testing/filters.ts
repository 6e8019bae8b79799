export const filterId = "5f0e6c1a-3c77-4d6e-9a01-0000000000f1";
export const packVoided = "8a3b6f0e-5f1d-4c3a-9d57-1f0a5a9d1c02";

export type FilterParts = {
  readonly id?: string;
  readonly product?: string;
  readonly service?: string | null; // null: any
  readonly rules?: string;
  readonly selection?: string;
  readonly tests?: string | null; // null: none
};

const paid = (more: string) =>
  `{ event_type: pos_void, device: { id: T-1, kind: till }, data: { after_payment: true${more} } }`;
export const filterTests = `tests:
  match: [{ title: a customer, event: ${paid("")} }]
  no_match: [{ title: in training, event: ${paid(", training: true")} }]
`;

/** The text of a filter that keeps voids in training mode from the pack's rule of paid voids, whose tests pass, in one version or another. */
export function filterText(parts: FilterParts = {}): string {
  const {
    id = filterId,
    product = "retail",
    service = "till",
    rules = `[${packVoided}]`,
    selection = "{ data.training: true }",
    tests = filterTests,
  } = parts;
  return `title: Voids in training
id: ${id}
logsource: { product: ${product}${service === null ? "" : `, service: ${service}`} }
filter:
  rules: ${rules}
  training: ${selection}
  condition: not training
${tests ?? ""}`;
}

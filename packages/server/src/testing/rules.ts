export type RuleParts = {
  readonly id?: string;
  readonly title?: string;
  readonly product?: string;
  readonly service?: string;
  readonly selection?: string;
  readonly own?: string; // of the section tillwatch
  readonly tests?: string | null; // null: none
};

export const writtenId = "5f0e6c1a-3c77-4d6e-9a01-0000000000a1";

/** The text of a rule that matches a void of a paid sale, whose tests pass, in one version or another. */
export function ruleText(parts: RuleParts = {}): string {
  const {
    id = writtenId,
    title = "A paid sale was taken back",
    product = "retail",
    service = "till",
    selection = "{ event_type: pos_void, data.after_payment: true }",
    own = "{ category: till_fraud, level: 1, points: 3000, says: A paid sale was taken back }",
    tests = bothWays,
  } = parts;
  return `title: ${title}
id: ${id}
logsource: { product: ${product}, service: ${service} }
detection:
  selection: ${selection}
  condition: selection
level: medium
tillwatch: ${own}
${tests ?? ""}`;
}

const till = "device: { id: T-1, kind: till }";
const matching = `{ event_type: pos_void, ${till}, data: { after_payment: true } }`;
const other = `{ event_type: pos_void, ${till}, data: { after_payment: false } }`;

export const bothWays = `tests:
  match: [{ title: after payment, event: ${matching} }]
  no_match: [{ title: before payment, event: ${other} }]
`;
export const onlyMatching = `tests:
  match: [{ title: after payment, event: ${matching} }]
`;
/** The second expects a match of what does not match. */
export const failing = `tests:
  match: [{ title: after payment, event: ${matching} }, { title: before payment too, event: ${other} }]
  no_match: [{ title: a sale, event: { event_type: pos_sale, ${till} } }]
`;
/** The event that must match comes from a camera: the rule would never be asked. */
export const elsewhere = `tests:
  match: [{ title: seen by a camera, event: { event_type: pos_void, device: { id: C-1, kind: camera }, data: { after_payment: true } } }]
  no_match: [{ title: before payment, event: ${other} }]
`;

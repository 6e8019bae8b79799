import type { PolicyMatrix } from "@tillwatch/wire";

const cell = (answer: PolicyMatrix["rows"][number]["cells"][number]["answer"]) => ({ answer, by: ["investigator"] });

/** A small matrix with every kind of answer. */
export const policyMatrix: PolicyMatrix = {
  version: "policies-0123456789abcdef",
  roles: ["colleague", "guard", "investigator", "auditor", "administrator", "partner_officer"],
  rows: [
    {
      action: "exhibit:open",
      says: "opens the bytes of an exhibit",
      cells: [
        cell("refused"),
        cell("own_only"),
        cell("with_purpose"),
        cell("refused"),
        cell("refused"),
        cell("with_purpose"),
      ],
    },
    {
      action: "packet:release",
      says: "releases a packet to somebody outside",
      cells: [
        cell("refused"),
        cell("with_second_proof"),
        cell("with_both"),
        cell("refused"),
        cell("refused"),
        cell("refused"),
      ],
    },
    {
      action: "audit:read",
      says: "searches the record and fetches proofs",
      cells: [cell("refused"), cell("refused"), cell("refused"), cell("allowed"), cell("refused"), cell("refused")],
    },
  ],
  policies: [
    {
      id: "purpose-needed",
      effect: "forbid",
      says: "What is about a person opens for a stated purpose and ground only",
      owner: "data protection officer",
      date: "2026-11-20",
      review: "2027-05-20",
      overdue: false,
      file: "policies/purpose.cedar",
      line: 4,
      text: 'forbid (principal, action in [Action::"personal"], resource)\nunless { context has purpose };',
    },
  ],
};

/** A random UUID also where the page came over plain HTTP, in which browsers keep `crypto.randomUUID` away. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const marked = bytes.map((byte, at) => (at === 6 ? (byte & 0x0f) | 0x40 : at === 8 ? (byte & 0x3f) | 0x80 : byte));
  const hex = [...marked].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** A rule that works, to begin with. */
export function firstRule(id: string): string {
  return `title: Goods taken back without a receipt at night
id: ${id}
description: What is seen, and why it matters.
logsource:
  product: retail
  service: till
detection:
  selection:
    event_type: pos_refund
    time.open: false
  condition: selection
falsepositives:
  - Stocktaking
level: medium

tillwatch:
  category: till_fraud
  level: 1
  points: 1500
  says: "Goods were taken back while the shop was closed"

tests:
  match:
    - title: "at two in the morning"
      event: { event_type: pos_refund, device: { id: T-01, kind: till }, time: { open: false, hour: 2 } }
  no_match:
    - title: "by day"
      event: { event_type: pos_refund, device: { id: T-01, kind: till }, time: { open: true, hour: 14 } }
`;
}

/** The rule that a filter is written for; `text`: of the version that runs. */
export type Narrowed = {
  readonly id: string;
  readonly title: string;
  readonly service: string | null;
  readonly text: string;
};

const paidVoid = "{ event_type: pos_void, device: { id: T-01, kind: till }, data: { after_payment: true } }";

/** A filter that keeps one device out, for all rules of the tills or for the rule that is named, with that rule's own event as its proof. */
export function firstFilter(id: string, narrowed: Narrowed | null): string {
  const own = narrowed === null ? null : firstEvent(narrowed.text);
  const event = own ?? paidVoid;
  const device = /\bdevice: *\{ *id: *([^,}\s]+)/.exec(event)?.[1] ?? null;
  const quiet = device === null ? event : event.replace(/(\bdevice: *\{ *id: *)[^,}\s]+/, "$1TRAINING-01");
  const rules = narrowed === null ? "any" : `[${narrowed.id}] # ${narrowed.title.replaceAll(/\s+/g, " ")}`;
  const service = narrowed === null ? "till" : narrowed.service;
  return `title: Not at the training device
id: ${id}
description: What is kept out, and why nobody needs to see it.
logsource:
  product: retail
${service === null ? "" : `  service: ${service}\n`}filter:
  rules: ${rules}
  training:
    device.id: TRAINING-01
  condition: not training

tests:
  match:
    - title: "at a device of the shop"
      event: ${event}
  no_match:
    - title: "at the training device"
      event: ${quiet}
`;
}

/** The first event that a rule's file says must match, on one line; null where none is written in braces. */
function firstEvent(text: string): string | null {
  const tests = /^tests:/m.exec(text);
  if (tests === null) return null;
  const start = /\bmatch:[^]*?\bevent:\s*(?=\{)/.exec(text.slice(tests.index));
  if (start === null) return null;
  const from = tests.index + start.index + start[0].length;
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "{") depth++;
    if (text[at] === "}" && --depth === 0) {
      const event = text.slice(from, at + 1).replaceAll(/\s+/g, " ");
      return event.replace(/, \}$/, " }");
    }
  }
  return null;
}

import { draftSays, type Addition, type IncidentRecord, type Score } from "@tillwatch/wire";
import type { FrozenExhibit, FrozenPacket } from "./packet-freeze.ts";
import { facts, html, stamp, table, type Html } from "./packet-report-html.ts";
import { reportStyle } from "./packet-report-style.ts";

/**
 * The packet for people: one page that opens in any browser and prints, made from the frozen packet alone. Every text in it may
 * come from a stranger. It says nothing that the JSON files beside it do not say.
 */
export function packetReport(frozen: FrozenPacket): string {
  const { identity, incident } = frozen;
  const sections: readonly (readonly [string, Html])[] = [
    ["What happened", whatHappened(incident)],
    ["Why it was raised", whyRaised(incident)],
    ["Timeline", timeline(incident)],
    ["Signals", signals(incident)],
    ["Exhibits and their custody", exhibits(frozen)],
    ["What is missing", missing(incident)],
    ["Decisions by the machine, and changes by people", decisions(frozen)],
    ["How to check this packet", howToCheck(frozen)],
  ];
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="referrer" content="no-referrer" />
        <title>${identity.incidentRef} ${incident.title}</title>
        <style>
          ${{ markup: reportStyle }}
        </style>
      </head>
      <body>
        ${cover(frozen)}
        <main>
          ${sections.map(
            ([title, body], i) =>
              html`<section>
                <h2><small>${i + 1}</small>${title}</h2>
                ${body}
              </section> `,
          )}
        </main>
        <footer>
          Incident ${identity.incidentRef}, packet ${identity.packetId}, gathered ${stamp(frozen.gatheredAt)}. Times are
          of the server's clock unless they are said to be a device's; every time carries its offset from UTC.
        </footer>
      </body>
    </html> `;
  return page.markup;
}

function cover(frozen: FrozenPacket): Html {
  const { identity, incident } = frozen;
  const files = frozen.exhibits.filter((exhibit) => exhibit.kind === "file").length;
  const zone = incident.zoneName === null ? "" : `, ${incident.zoneName}`;
  return html`<header class="cover">
    <p class="ref">Incident packet ${identity.incidentRef}</p>
    <h1>${incident.title}</h1>
    <ul class="marks">
      <li class="l${incident.level}">Level ${incident.level}</li>
      <li>${incident.categoryTitle}</li>
      <li>${incident.siteName}${zone}</li>
      <li>State: ${words(incident.state)}</li>
      <li>Severity ${share(incident.severity)}</li>
      <li>Exhibits: ${files} in this packet, ${frozen.exhibits.length - files} as pointers</li>
    </ul>
    <p class="lead">${incident.summary}</p>
  </header>`;
}

function whatHappened(incident: IncidentRecord): Html {
  const { value } = incident;
  const money = (minor: number | null) =>
    minor === null ? null : `${minor} minor units of ${value.currency ?? "the site's currency"}`;
  return facts([
    ["Occurred", stamp(incident.occurredAt)],
    ["Opened", stamp(incident.openedAt)],
    ["Last signal", incident.lastSignalAt === null ? null : stamp(incident.lastSignalAt)],
    ["Category", `${incident.categoryTitle} (${incident.category}, taxonomy ${incident.taxonomyVersion})`],
    ["Site", `${incident.siteName} (${incident.siteId})`],
    ["Zone", incident.zoneId === null ? null : `${incident.zoneName ?? ""} (${incident.zoneId})`],
    ["Reported by", incident.reporter],
    ["Owner", incident.ownerToken],
    ["Severity by the machine", incident.machineSeverity === null ? null : share(incident.machineSeverity)],
    ["Confidence", incident.confidence === null ? null : share(incident.confidence)],
    ["Verdict of a person", incident.verdict],
    [
      "Overridden by a person",
      incident.override === null
        ? null
        : html`${share(incident.override.severity)} by ${incident.override.actor}, ${stamp(incident.override.at)}:
          ${incident.override.because}`,
    ],
    ["Lost", money(value.lostMinor)],
    ["Recovered", money(value.recoveredMinor)],
  ]);
}

function whyRaised({ score }: IncidentRecord): Html {
  if (score === null) return html`<p>A person reported this incident. It was not scored by the machine.</p>`;
  const largest = Math.max(1, ...score.additions.map((addition) => Math.abs(addition.milliLogOdds)));
  return html`<p>
      Each piece of evidence adds to, or takes from, the log-odds that something is wrong. The additions below sum
      exactly to the total, and the total gives the severity of ${share(score.severity)}.
    </p>
    <ol class="fall">
      ${score.additions.map((addition) => bar(addition, largest))} ${total(score)}
    </ol>
    <p class="none">Rules ${score.rulesVersion}, weights ${score.weightsVersion}.</p>`;
}

function bar(addition: Addition, largest: number): Html {
  const half = Math.round((Math.abs(addition.milliLogOdds) / largest) * 500) / 10;
  const less = addition.milliLogOdds < 0;
  const cls = addition.kind === "base_rate" ? "base" : less ? "less" : "more";
  const place = less ? `right:50%;width:${half}%` : `left:50%;width:${half}%`;
  return html`<li>
    <span>${addition.says}<span class="sub">${words(addition.kind)} ${addition.code}</span></span>
    <span class="track ${cls}"><i style="${place}"></i></span><span class="num">${points(addition.milliLogOdds)}</span>
  </li>`;
}

function total(score: Score): Html {
  return html`<li class="total">
    <span>Total</span><span></span><span class="num">${points(score.totalMilliLogOdds)}</span>
  </li>`;
}

function timeline(incident: IncidentRecord): Html {
  const rows = incident.timeline.map((entry) => [
    html`${stamp(entry.at)}${original(entry)}`,
    html`${entry.says}<span class="sub">${words(entry.kind)}, ${entry.actor}</span
      >${drafted(incident, entry.detail["draftId"])}`,
  ]);
  return table([{ title: "When", cls: "when" }, { title: "What" }], rows, "The timeline is empty.");
}

/** Where a text comes from that a program drafted: said beside it, so that nobody takes it for a witness's own words. */
function drafted({ drafted: known = [] }: IncidentRecord, draftId: unknown): Html | null {
  const from = known.find((one) => one.draftId === draftId);
  if (from === undefined) return null;
  return html`<span class="sub drafted"
    >${draftSays(from)} How it came about is in <code>data/drafts.json</code>.</span
  >`;
}

type Timed = { readonly originalAt: string | null; readonly clockOffsetMs: number | null; readonly late: boolean };

function original({ originalAt, clockOffsetMs, late }: Timed): Html {
  return html`${originalAt === null ? null : html`<span class="sub">device wrote ${originalAt}</span>`}${
    clockOffsetMs === null ? null : html`<span class="sub">its clock was off by ${seconds(clockOffsetMs)}</span>`
  }${late ? html`<span class="sub late">arrived late</span>` : null}`;
}

function signals(incident: IncidentRecord): Html {
  const rows = incident.signals.map((signal) => [
    html`${stamp(signal.correctedAt)}${original({
        originalAt: signal.occurredAt,
        clockOffsetMs: signal.clockOffsetMs,
        late: signal.late,
      })}<span class="sub">received ${stamp(signal.receivedAt)}</span>`,
    html`${words(signal.type)}<span class="sub"
        >${signal.source}${signal.deviceId === null ? "" : `, device ${signal.deviceId}`}</span
      >`,
    html`${words(signal.joinedBecause)}<span class="sub hash">${signal.id}</span>`,
  ]);
  const columns = [{ title: "When", cls: "when" }, { title: "Signal" }, { title: "Why it belongs here" }];
  return table(columns, rows, "No signal belongs to this incident.");
}

function exhibits(frozen: FrozenPacket): Html {
  if (frozen.exhibits.length === 0) return html`<p class="none">The incident has no exhibits.</p>`;
  const chains = new Map(frozen.custody.map((chain) => [chain.exhibitId, chain.entries]));
  return html`${frozen.exhibits.map(
    (exhibit) =>
      html`<h3>${exhibit.name}</h3>
        ${exhibitFacts(exhibit)}
        ${table(
          [
            { title: "", cls: "num" },
            { title: "When", cls: "when" },
            { title: "Who" },
            { title: "What" },
            { title: "Why, on what authority" },
          ],
          (chains.get(exhibit.id) ?? []).map((entry) => [
            entry.seq,
            stamp(entry.at),
            entry.who,
            html`${entry.action}<span class="sub">${entry.what}</span>`,
            html`${entry.why}<span class="sub">${entry.authority}</span>`,
          ]),
          "No custody entry.",
        )}`,
  )}`;
}

function exhibitFacts(exhibit: FrozenExhibit): Html {
  const { pointer } = exhibit;
  return facts([
    ["In this packet", pointer === null ? html`<code>data/${exhibit.path}</code>` : `no: ${words(pointer.because)}`],
    [
      "In the original's place",
      exhibit.copy == null
        ? null
        : html`a copy made anew with ${exhibit.copy.recipe.tool.name} ${exhibit.copy.recipe.tool.version}, without
            metadata${exhibit.copy.recipe.mask === null ? "" : ", the camera's mask burned in"}${exhibit.copy.recipe.regions === null ? "" : ", marked people hidden"};
            SHA-256 of the copy <span class="hash">${exhibit.copy.sha256}</span>, how it was made stands in
            <code>data/copies.json</code>. Length and digests below are the sealed original's.`,
    ],
    ["Kept at", pointer === null ? null : html`<code>${pointer.location}</code>`],
    ["Media type, as claimed", exhibit.mediaType],
    ["Length", `${exhibit.bytes} bytes${pointer?.digestOf === "pointer" ? " (of the pointer)" : ""}`],
    [
      "SHA-256",
      html`<span class="hash">${exhibit.sha256}</span
        >${pointer?.digestOf === "pointer" ? " of the pointer; the media's is not known" : ""}`,
    ],
    ["SHA-512", exhibit.sha512 === null ? null : html`<span class="hash">${exhibit.sha512}</span>`],
    ["Captured, by the device's clock", exhibit.capturedAt === null ? "not stated" : exhibit.capturedAt],
    ["Received", html`${stamp(exhibit.receivedAt)} by ${exhibit.receivedBy}`],
    ["Source", exhibit.source],
    ["Note", exhibit.note],
  ]);
}

function missing({ completenessDetail: detail }: IncidentRecord): Html {
  const rows = detail.items.map((item) => [
    item.title,
    item.present ? html`<span class="ok">present</span>` : html`<span class="missing">missing</span>`,
    item.present ? "" : item.howToGet,
  ]);
  const columns = [{ title: "Evidence" }, { title: "State" }, { title: "How it can still be had" }];
  return html`<p>The evidence is ${share(detail.value)} complete by the list ${detail.ruleVersion}.</p>
    ${table(columns, rows, "The list is empty.")}`;
}

function decisions(frozen: FrozenPacket): Html {
  const made = frozen.decisions.map((decision) => [
    html`<span class="hash">${text(decision["id"])}</span>`,
    typeof decision["atMs"] === "number" ? stamp(new Date(decision["atMs"]).toISOString()) : null,
    html`<span class="hash">${JSON.stringify(decision["versions"])}</span>`,
  ]);
  const changed = frozen.incident.history.map((change) => [
    stamp(change.at),
    html`${words(change.field)}<span class="sub"
        >${JSON.stringify(change.before)} to ${JSON.stringify(change.after)}</span
      >`,
    html`${change.actor}<span class="sub">${change.because}</span>`,
  ]);
  return html`<p>
      The exact inputs and outputs of each decision are in <code>data/decisions.json</code>; they give the same result
      when computed again.
    </p>
    ${table([{ title: "Decision" }, { title: "When", cls: "when" }, { title: "Versions" }], made, "The machine decided nothing here.")}
    <h3>Changes</h3>
    ${table([{ title: "When", cls: "when" }, { title: "Field" }, { title: "Who, why" }], changed, "No field was changed.")}`;
}

function howToCheck({ identity, audit, because, requestedBy, requestedAt }: FrozenPacket): Html {
  const folder = `${identity.incidentRef}-${identity.packetId}`;
  return html`<p>
      This page is a convenience. What counts are the files of the packet, their digests, and the signature over them.
      Nobody needs our server or our word for the checks below.
    </p>
    <pre>
tillwatch-verify ${identity.incidentRef}-packet.zip

unzip ${identity.incidentRef}-packet.zip
cd ${folder}
sha256sum --check manifest-sha256.txt
sha256sum --check tagmanifest-sha256.txt
bagit.py --validate .</pre>
    <p>
      The first command, free and offline, also checks the signature (<code>dsse.json</code>), that the sealing stands
      in the public audit log (<code>tlog-proof.txt</code>), each chain of custody, and each of the
      ${audit.entries.length} audit entries in <code>data/audit.json</code>. Compare the keys that it prints with those
      that the sender gives you another way: keys inside a packet cannot vouch for themselves.
    </p>
    <p>Asked for ${stamp(requestedAt)} by ${requestedBy}: ${because}.</p>`;
}

function share(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}

function points(milli: number): string {
  return `${milli > 0 ? "+" : ""}${(milli / 1000).toFixed(3)}`;
}

function seconds(ms: number): string {
  return `${ms > 0 ? "+" : ""}${(ms / 1000).toFixed(3)} s`;
}

function words(code: string): string {
  return code.replaceAll("_", " ");
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

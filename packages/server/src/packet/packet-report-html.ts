/** Markup whose texts were escaped: only `html` makes it, so that nothing from outside gets into a report as markup. */
export type Html = { readonly markup: string };

type Part = Html | string | number | null | readonly (Html | string)[];

/** A template whose every inserted text is escaped; `Html` and lists of it go in as they are, null as nothing. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let markup = "";
  for (const [i, text] of texts.entries()) markup += text + (i < parts.length ? rendered(parts[i] ?? null) : "");
  return { markup };
}

function rendered(part: Part): string {
  if (part === null) return "";
  if (typeof part === "number") return String(part);
  if (typeof part === "string") return escapeHtml(part);
  return "markup" in part ? part.markup : part.map(rendered).join("");
}

/**
 * Text as text: markup is escaped, control characters and those that change the direction or are not seen are shown as their code
 * point, because a report that reads otherwise than its bytes is no evidence.
 */
export function escapeHtml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(
      /[^\P{C}\n\t]|[\p{Zl}\p{Zp}]/gu,
      (c) => `[U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`,
    )
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

export type Column = { readonly title: string; readonly cls?: string };

/** A table, or a sentence where there is nothing to show. */
export function table(columns: readonly Column[], rows: readonly (readonly Part[])[], empty: string): Html {
  if (rows.length === 0) return html`<p class="none">${empty}</p>`;
  const cell = (part: Part, i: number) => html`<td class="${columns[i]?.cls ?? ""}">${part}</td>`;
  return html`<table>
    <thead>
      <tr>
        ${columns.map(({ title, cls }) => html`<th scope="col" class="${cls ?? ""}">${title}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr>
            ${row.map(cell)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** Names and values; pairs without a value are left out. */
export function facts(pairs: readonly (readonly [string, Part])[]): Html {
  const shown = pairs.filter(([, value]) => value !== null && value !== "");
  return html`<dl>
    ${shown.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

/** An instant by our clock, with its offset: 2026-03-23 15:04:05.000 +00:00. */
export function stamp(at: string | null): Html {
  if (at === null) return html`<span class="none">not known</span>`;
  const ms = Date.parse(at);
  if (Number.isNaN(ms)) return html`<span class="time">${at}</span>`;
  const iso = new Date(ms).toISOString();
  return html`<time class="time" datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 23)} +00:00</time>`;
}

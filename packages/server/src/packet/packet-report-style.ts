/** The report's look, on screen and on paper. No font, image or script from elsewhere: it must read the same in ten years. */
export const reportStyle = `
:root { --ink: #14181f; --soft: #5b6472; --line: #d9dde3; --wash: #f5f6f8; --up: #b3261e; --down: #1b6e4b; --base: #6b7480; --brand: #1f3a5f; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; padding: 40px 32px 64px; max-width: 1040px; color: var(--ink); background: #fff;
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; }
h1 { margin: 4px 0 0; font-size: 28px; line-height: 1.2; letter-spacing: -0.01em; }
h2 { margin: 40px 0 12px; padding-bottom: 6px; border-bottom: 2px solid var(--brand); font-size: 18px; line-height: 1.3; break-after: avoid; }
h2 small { margin-right: 8px; color: var(--soft); font-weight: 500; font-variant-numeric: tabular-nums; }
h3 { margin: 24px 0 6px; font-size: 15px; break-after: avoid; overflow-wrap: anywhere; }
p { margin: 0 0 10px; max-width: 76ch; overflow-wrap: anywhere; }
header.cover { padding-bottom: 20px; border-bottom: 1px solid var(--line); }
.ref { margin: 0; color: var(--brand); font-weight: 650; letter-spacing: 0.02em; }
.lead { margin-top: 12px; font-size: 16px; white-space: pre-wrap; }
.marks { display: flex; flex-wrap: wrap; gap: 8px; margin: 14px 0 0; padding: 0; list-style: none; }
.marks li { padding: 2px 10px; border: 1px solid var(--line); border-radius: 999px; background: var(--wash); font-size: 13px; }
.marks li.l3 { border-color: #d99a95; background: #fbeceb; color: #7d1a14; font-weight: 600; }
.marks li.l2 { border-color: #dcbd83; background: #fcf4e3; color: #6b4a0b; font-weight: 600; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 8px 24px; margin: 0 0 12px; }
dl div { min-width: 0; }
dt { color: var(--soft); font-size: 12px; }
dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
table { width: 100%; margin: 0 0 12px; border-collapse: collapse; font-size: 13px; }
th { padding: 6px 10px 6px 0; border-bottom: 1px solid var(--ink); color: var(--soft); font-size: 12px; font-weight: 600; text-align: left; vertical-align: bottom; }
td { padding: 6px 10px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
tr { break-inside: avoid; }
thead { display: table-header-group; }
.num { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.when { width: 236px; }
.time { font-variant-numeric: tabular-nums; white-space: nowrap; }
.sub { display: block; color: var(--soft); font-size: 12px; }
.late { color: var(--up); font-weight: 600; }
.none { color: var(--soft); }
code, .hash { font: 12px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; overflow-wrap: anywhere; }
pre { margin: 0 0 12px; padding: 12px 14px; border: 1px solid var(--line); border-radius: 6px; background: var(--wash); white-space: pre-wrap; overflow-wrap: anywhere;
  font: 12px/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
.fall { margin: 0 0 12px; padding: 0; list-style: none; }
.fall li { display: grid; grid-template-columns: minmax(0, 1fr) 220px 72px; gap: 4px 14px; align-items: center; padding: 7px 0; border-bottom: 1px solid var(--line); break-inside: avoid; }
.fall .track { position: relative; height: 14px; background: var(--wash); }
.fall .track i { position: absolute; top: 0; bottom: 0; min-width: 2px; background: var(--up); print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.fall .less i { background: var(--down); }
.fall .base i { background: var(--base); }
.fall .total { font-weight: 650; border-bottom: 0; }
.ok { color: var(--down); font-weight: 600; }
.missing { color: var(--up); font-weight: 600; }
footer { margin-top: 48px; padding-top: 12px; border-top: 1px solid var(--line); color: var(--soft); font-size: 12px; }
@media (max-width: 640px) { body { padding: 24px 16px 48px; } .fall li { grid-template-columns: minmax(0, 1fr) 72px; } .fall .track { grid-row: 2; grid-column: 1 / -1; } .when { width: auto; } .time { white-space: normal; } }
@media print { @page { size: A4; margin: 16mm 14mm; } body { padding: 0; max-width: none; font-size: 10.5pt; } h2 { margin-top: 26px; } a { color: inherit; text-decoration: none; } table { font-size: 9pt; } .when { width: 150px; } .time { white-space: normal; } }
`;

import { codeDigits } from "./release-link.ts";

/**
 * The page behind a link: HTML without a script, the same for every link there is and is not. `refused`: a code was sent, and nothing opened;
 * it does not say why.
 */
export function takePage({ refused }: { readonly refused: boolean }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>Take a packet · Tillwatch</title>
<style>${style}</style>
</head>
<body>
<main>
<p class="mark">Tillwatch</p>
<h1>Take a packet of evidence</h1>
<p>Somebody released a packet to you and sent you this address. The code of ${codeDigits} digits comes by another way, for example by telephone.</p>
${refused ? problem : ""}<form method="post">
<label for="code">Code</label>
<input id="code" name="code" type="text" inputmode="numeric" autocomplete="off" maxlength="20" required${refused ? ' aria-invalid="true" aria-describedby="why"' : ""} autofocus>
<p class="hint">It opens once; if the download breaks, again within ten minutes. After some wrong codes it opens no more. Each try is recorded.</p>
<button type="submit">Download the packet</button>
</form>
<section aria-labelledby="check">
<h2 id="check">How to check it, without asking us</h2>
<p>Keep the file as it is: its seal covers every byte. In it, <code>report.html</code> is for reading.</p>
<ol>
<li>Every seal, signature and proof, each check named: <code>tillwatch-verify FILE.zip</code></li>
<li>With what every machine has, in the unpacked folder: <code>sha256sum -c manifest-sha256.txt tagmanifest-sha256.txt</code></li>
<li>As a BagIt bag: <code>bagit.py --validate FOLDER</code></li>
</ol>
<p>Whoever released it can send you the signed receipt, which names the SHA-256 of the file: <code>sha256sum FILE.zip</code> gives the same.</p>
</section>
</main>
</body>
</html>
`;
}

const problem = `<p id="why" class="problem" role="alert"><strong>This does not open.</strong> The code may be mistyped, or the link is wrong, used, over or taken back. Ask whoever sent it to you.</p>
`;

const style = `
:root{color-scheme:light dark;--canvas:#f3f3ef;--surface:#fdfdfb;--sunken:#eaebe6;--line:#878f8a;--ink:#141c1b;--muted:#5a6562;--accent:#0d5560;--on:#fff;--bad:#a3230d;--badwash:#fae1da}
@media (prefers-color-scheme:dark){:root{--canvas:#0f1413;--surface:#171d1c;--sunken:#1f2625;--line:#75807c;--ink:#eef2f0;--muted:#a3aeaa;--accent:#7ccbd0;--on:#0c2226;--bad:#ffb4a3;--badwash:#43170e}}
*{box-sizing:border-box}
body{margin:0;background:var(--canvas);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:36rem;margin:0 auto;padding:1.5rem 1rem 3rem}
.mark{margin:0 0 1.5rem;font-weight:700;color:var(--accent)}
h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.25}
h2{margin:0 0 .5rem;font-size:1rem}
form,section{margin:1.25rem 0 0;padding:1.25rem;background:var(--surface);border:1px solid var(--line);border-radius:.5rem}
section{background:none;border:0;padding:0;margin-top:2rem;font-size:.9375rem}
label{display:block;font-weight:600;margin-bottom:.375rem}
input{width:100%;min-height:3rem;padding:.5rem .75rem;font:inherit;font-size:1.375rem;letter-spacing:.1em;color:inherit;background:var(--canvas);border:1px solid var(--line);border-radius:.375rem}
input[aria-invalid]{border:2px solid var(--bad)}
.hint{margin:.5rem 0 1rem;font-size:.875rem;color:var(--muted)}
button{min-height:3rem;width:100%;padding:.5rem 1rem;font:inherit;font-weight:600;color:var(--on);background:var(--accent);border:0;border-radius:.375rem;cursor:pointer}
input:focus-visible,button:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.problem{margin:1.25rem 0 0;padding:.75rem 1rem;color:var(--bad);background:var(--badwash);border-radius:.375rem}
code{padding:.1em .3em;background:var(--sunken);border-radius:.25rem;overflow-wrap:anywhere;font-size:.9em}
li{margin:.375rem 0}`;

export const docsPage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Tillwatch API</title>
    <style>
      :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
      body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
      h2 { margin-top: 2.5rem; text-transform: capitalize; }
      details { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: 0.5rem 0; }
      summary { cursor: pointer; }
      code, pre { font: 0.875rem/1.5 ui-monospace, monospace; }
      pre { overflow: auto; padding: 0.75rem; border-radius: 0.375rem; background: color-mix(in srgb, currentColor 8%, transparent); }
      .method { display: inline-block; min-width: 4rem; font-weight: 700; }
    </style>
  </head>
  <body>
    <main>
      <h1>Tillwatch API</h1>
      <p>
        The whole contract is <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1). Send
        <code>Authorization: Bearer &lt;token&gt;</code>. Every refusal is RFC 9457 problem details with a stable <code>code</code>.
      </p>
      <div id="operations" role="status">Loading the operations ...</div>
    </main>
    <script src="/docs/docs.js" type="module"></script>
  </body>
</html>
`;

/** Builds the list with text nodes only: nothing of the document is ever read as markup. */
export const docsScript = `const place = document.getElementById("operations");
const element = (name, text, className) => {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className !== undefined) made.className = className;
  return made;
};
const section = (parent, title, value) => {
  if (value === undefined) return;
  parent.append(element("p", title), element("pre", JSON.stringify(value, null, 2)));
};
const show = (document_) => {
  const groups = new Map();
  for (const [path, item] of Object.entries(document_.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const tag = (operation.tags ?? ["other"])[0];
      groups.set(tag, [...(groups.get(tag) ?? []), { path, method, operation }]);
    }
  }
  place.replaceChildren();
  place.removeAttribute("role");
  for (const [tag, rows] of groups) {
    place.append(element("h2", tag));
    for (const { path, method, operation } of rows) {
      const details = element("details");
      const summary = element("summary");
      summary.append(element("code", method.toUpperCase(), "method"), element("code", path));
      summary.append(document.createTextNode("  " + (operation.summary ?? "")));
      details.append(summary);
      if (operation.description) details.append(element("p", operation.description));
      section(details, "Parameters", operation.parameters);
      section(details, "Body", operation.requestBody);
      section(details, "Answers", operation.responses);
      place.append(details);
    }
  }
};
try {
  const answer = await fetch("/openapi.json");
  if (!answer.ok) throw new Error("status " + answer.status);
  show(await answer.json());
} catch (fault) {
  place.textContent = "The operations could not be loaded: " + fault.message;
}
`;

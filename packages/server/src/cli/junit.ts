/** One thing that was checked; `failure` says why it did not hold, null: it held. */
export type JunitCase = {
  readonly name: string;
  readonly failure: { readonly kind: string; readonly says: string } | null;
};

export type JunitSuite = {
  readonly name: string; // a rule, a file
  readonly file: string | null;
  readonly cases: readonly JunitCase[];
  readonly properties?: Readonly<Record<string, string | number>>;
};

/**
 * The form that build servers read (JUnit XML as Jenkins, GitLab and GitHub's readers take it: testsuites, testsuite, testcase, failure,
 * with counts on every level). No times: the same input gives the same bytes.
 */
export function junitXml(name: string, suites: readonly JunitSuite[]): string {
  const all = suites.flatMap(({ cases }) => cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name, ...countsOf(all) })}>`,
    ...suites.flatMap(suiteLines),
    "</testsuites>",
    "",
  ].join("\n");
}

function suiteLines({ name, file, cases, properties = {} }: JunitSuite): readonly string[] {
  const listed = Object.entries(properties);
  return [
    `  <testsuite${attributes({ name, ...(file === null ? {} : { file }), ...countsOf(cases) })}>`,
    ...(listed.length === 0
      ? []
      : [
          "    <properties>",
          ...listed.map(([key, value]) => `      <property${attributes({ name: key, value })}/>`),
          "    </properties>",
        ]),
    ...cases.flatMap((one) => caseLines(one, name)),
    "  </testsuite>",
  ];
}

function caseLines({ name, failure }: JunitCase, classname: string): readonly string[] {
  const open = `    <testcase${attributes({ classname, name })}`;
  if (failure === null) return [`${open}/>`];
  const { kind, says } = failure;
  const message = says.split("\n")[0] ?? "";
  return [
    `${open}>`,
    `      <failure${attributes({ message, type: kind })}>${text(says)}</failure>`,
    "    </testcase>",
  ];
}

function countsOf(cases: readonly JunitCase[]) {
  const failures = cases.filter(({ failure }) => failure !== null).length;
  return { tests: cases.length, failures, errors: 0, skipped: 0 };
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(
      ([name, value]) =>
        ` ${name}="${text(String(value))
          .replaceAll('"', "&quot;")
          .replaceAll(/[\t\n\r]/g, " ")}"`,
    )
    .join("");
}

/** XML 1.0 has no form for most control characters and for halves of surrogate pairs; a title may hold them all the same. */
function text(value: string): string {
  return value
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, "\u{FFFD}")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

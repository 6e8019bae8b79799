// Who may reach whom. Each rule is a decision with its reason; script/lib/boundaries.test.ts plants a violation of each.
// A type may cross where a value may not: types vanish before anything runs ("type-only" below).

const src = "^packages/server/src";
const stage = "signal|enrich|detect|correlate|score|incident|respond|notify|exhibit|packet|share";
// The name says what a file touches: stores and reads speak SQL, -http Fastify, -jobs the queue, -file(s) the disk, ...
const io = "-(store|stage|read|http|mqtt|kafka|s3|jobs|files?|cli|append)[.]ts$";
const test = "[.]test[.]tsx?$";
const testing = `^packages/[^/]+/(src/testing/|test/)`;
const entry = "^packages/[^/]+/src/(main|index)[.]tsx?$";
const notTests = [test, testing];
const valueOnly = { dependencyTypesNot: ["type-only"] };
// Deterministic, no I/O, no chance: what a pure file may use although it stands among the drivers.
const pureHelpers = `${src}/platform/(digest|storable-time)[.]ts$`;

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "pure-unless-the-name-says-so",
      comment: "Pass the value in, or move the code to a file whose name says what it touches.",
      severity: "error",
      from: { path: `${src}/(${stage})/`, pathNot: [io, test] },
      to: { path: [`${src}/(platform|audit|access|api)/`, `${src}/.*${io}`], pathNot: [pureHelpers], ...valueOnly },
    },
    {
      name: "pure-has-no-node-builtins",
      comment: "A decision must be a function of its arguments. Digests come from platform/digest.ts.",
      severity: "error",
      from: { path: `${src}/(${stage})/`, pathNot: [io, test] },
      to: { dependencyTypes: ["core"], ...valueOnly },
    },
    {
      name: "stages-are-strangers",
      comment:
        "Stages meet in pipeline.ts and know the types of flow.ts. Need a fact from another stage? Ask its -read.ts.",
      severity: "error",
      from: { path: `${src}/(${stage})/`, pathNot: [test] },
      to: { path: `${src}/(${stage})/`, pathNot: [`${src}/$1/`, "-read[.]ts$"] },
    },
    {
      name: "only-http-knows-the-api",
      comment: "A stage answers people through its -http.ts; the rest of it does not know that HTTP exists.",
      severity: "error",
      from: { path: `${src}/(${stage})/`, pathNot: ["-http[.]ts$", test] },
      to: { path: `${src}/api/` },
    },
    {
      name: "only-the-pipeline-wires-stages",
      comment:
        "The order of the stages is written once, in pipeline.ts; app.ts and the evaluation in one process build what it is given.",
      severity: "error",
      from: {
        path: "^packages/",
        pathNot: [`${src}/(app/app|pipeline|pipeline-worker|simulate/evaluate-run)[.]ts$`, ...notTests],
      },
      to: { path: `${src}/.*-stage[.]ts$`, ...valueOnly },
    },
    {
      name: "sql-lives-in-stores",
      comment:
        "SQL stands in -store, -read and -append files, so that a statement is found, tested and explained there.",
      severity: "error",
      from: {
        path: `${src}/(${stage}|access|api|audit|device)/`,
        pathNot: ["-(store|read|append|tables)[.]ts$", ...notTests],
      },
      to: {
        path: [
          "(^|/)node_modules/(kysely|pg|pg-copy-streams|@electric-sql)/",
          `${src}/platform/database/database[.]ts$`,
        ],
        ...valueOnly,
      },
    },
    {
      name: "api-reads-through-read-models",
      comment: "What the API shows of a stage comes from its -read.ts; what it does to one goes through its -http.ts.",
      severity: "error",
      from: { path: `${src}/api/`, pathNot: [test] },
      to: { path: `${src}/(${stage})/`, pathNot: ["-(read|http)[.]ts$"], ...valueOnly },
    },
    {
      name: "platform-knows-no-domain",
      comment: "Drivers without a domain word: platform/ would serve any other product as well.",
      severity: "error",
      from: { path: `${src}/platform/`, pathNot: [test] },
      to: { path: `${src}/`, pathNot: [`${src}/platform/`] },
    },
    {
      name: "schema-holds-types-only",
      comment: "flow.ts and schema.ts are what everybody may know: types, and nothing that runs.",
      severity: "error",
      from: { path: `${src}/(flow|schema)[.]ts$` },
      to: { path: `${src}/`, ...valueOnly },
    },
    {
      name: "wire-stands-alone",
      comment: "The shapes that cross a boundary are shared by all, so they depend on nobody.",
      severity: "error",
      from: { path: "^packages/wire/" },
      to: { path: "^packages/", pathNot: ["^packages/wire/"] },
    },
    {
      name: "pure-packages-do-no-io",
      comment: "wire, evidence, sigma and forest run in Node, in a browser and at the edge.",
      severity: "error",
      from: { path: "^packages/(wire|evidence|sigma|forest)/src/", pathNot: [test, testing] },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "libraries-stand-on-wire-alone",
      comment: "They are useful to people who never run Tillwatch.",
      severity: "error",
      from: { path: "^packages/(evidence|sigma|forest)/", pathNot: [test, testing] },
      to: { path: "^packages/", pathNot: ["^packages/$1/", "^packages/wire/"] },
    },
    {
      name: "verify-knows-only-evidence-and-wire",
      comment: "Who checks a packet must not have to trust the server.",
      severity: "error",
      from: { path: "^packages/verify/", pathNot: [test, testing] },
      to: { path: "^packages/", pathNot: ["^packages/(verify|evidence|wire)/"] },
    },
    {
      name: "verify-has-no-third-party",
      comment: "Few lines to read before trusting the verifier: Node's own modules, evidence and wire.",
      severity: "error",
      from: { path: "^packages/verify/src/", pathNot: [test, testing] },
      to: { path: "(^|/)node_modules/" },
    },
    {
      name: "server-is-not-a-library",
      comment: "The browser, the agent and the simulator speak to the server through its interfaces.",
      severity: "error",
      from: { path: "^packages/(web|edge|sim)/" },
      to: { path: "^packages/server/" },
    },
    {
      name: "packages-use-the-front-door",
      comment: "What a package offers stands in its src/index.ts. Builders for tests are covered by not-to-tests.",
      severity: "error",
      from: { path: "^packages/([^/]+)/" },
      to: { path: "^packages/", pathNot: ["^packages/$1/", "^packages/[^/]+/src/index[.]ts$", testing] },
    },
    {
      name: "not-to-tests",
      comment: "What ships does not lean on tests or their builders.",
      severity: "error",
      from: { path: "^packages/[^/]+/src/", pathNot: notTests },
      to: { path: [test, testing] },
    },
    {
      name: "no-circular",
      comment: "Files that need each other are one idea in two files. Types may refer to each other.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "no-orphans",
      comment: "A file that nothing reaches from an entry is dead: use it or remove it.",
      severity: "error",
      from: { path: entry },
      to: { path: "^packages/[^/]+/src/", pathNot: [...notTests, entry, "[.]d[.]ts$"], reachable: false },
    },
    {
      name: "not-unresolvable",
      comment: "An import that leads nowhere breaks at run time.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: ["^(bun|deno):"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      extensions: [".ts", ".tsx", ".js", ".json"],
    },
  },
};

/** The members that we read of a CycloneDX bill and of npm's lock file. */
export type Bill = {
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly licenses?: readonly {
      readonly license?: { readonly id?: string; readonly name?: string };
      readonly expression?: string;
    }[];
  }[];
};

export type Lock = {
  readonly packages: Readonly<Record<string, LockedPart>>;
};

type LockedPart = {
  readonly version?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
};

// Permissive, and compatible with ours (Apache-2.0). A GPL or AGPL part is never linked.
const allowed = new Set([
  "MIT",
  "MIT-0",
  "ISC",
  "0BSD",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "Unlicense",
  "CC0-1.0",
  "Python-2.0",
  "Zlib",
]);

// Shared libraries in packages of their own, loaded at run time and replaceable by whoever runs this, as the LGPL asks.
const replaceable: readonly { readonly name: RegExp; readonly licence: string }[] = [
  { name: /^@img\/sharp-libvips-[a-z0-9-]+$/, licence: "LGPL-3.0-or-later" },
];

/** Sentences about parts that may not ship as they are; empty where all may. */
export function supplyProblems(bill: Bill, lock: Lock): readonly string[] {
  const ours = (name: string) => name.startsWith("@tillwatch/");
  const licences = bill.components
    .filter(({ name }) => !ours(name))
    .flatMap(({ name, version, licenses = [] }) => {
      const said = licenses
        .map(({ license, expression }) => license?.id ?? expression ?? license?.name ?? "")
        .join(" AND ");
      const isReplaceable = replaceable.some((part) => part.name.test(name) && part.licence === said);
      return isAllowed(said) || isReplaceable
        ? []
        : [`${name} ${version} has the licence "${said}", which is not on our list`];
    });
  const shipped = Object.entries(lock.packages).filter(
    ([path, part]) => path.startsWith("node_modules/") && part.dev !== true && part.link !== true,
  );
  const scripts = shipped
    .filter(([, part]) => part.hasInstallScript === true)
    .map(([path, part]) => `${path} ${part.version} runs a script when it is installed`);
  const unpinned = shipped
    .filter(([, part]) => part.integrity === undefined)
    .map(([path, part]) => `${path} ${part.version} is not pinned by a digest`);
  return [...licences, ...scripts, ...unpinned];
}

/** An SPDX expression of names, AND, OR and one level of brackets: any side of OR may do, every side of AND must. */
function isAllowed(expression: string): boolean {
  const alternatives = expression.replaceAll(/[()]/g, "").split(" OR ");
  return alternatives.some((side) => side.split(" AND ").every((name) => allowed.has(name.trim())));
}

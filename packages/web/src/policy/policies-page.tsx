import { useQuery } from "@tanstack/react-query";
import type { PolicyMatrix } from "@tillwatch/wire";
import { Card } from "../design/card.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { matrixQuery } from "./policy-queries.ts";
import { answerLooks, wordsOf } from "./policy-words.ts";

/** Who may do what: each cell asked of the policies in force; and the policies themselves with owner and review. */
export function PoliciesPage() {
  const matrix = useQuery(matrixQuery);
  return (
    <>
      <title>Policies · Tillwatch</title>
      <header className="pt-5 pb-3 md:pt-7">
        <h1 className="text-xl font-semibold tracking-tight">Policies</h1>
        <p className="text-sm text-ink-muted">Who may do what. Each answer is asked of the policies in force.</p>
      </header>
      {matrix.data === undefined ? (
        <div className="rounded-md border border-line bg-surface">
          {matrix.isError ? (
            <ErrorState fault={matrix.error} onRetry={() => void matrix.refetch()} />
          ) : (
            <SkeletonLines lines={14} says="Asking the policies" />
          )}
        </div>
      ) : (
        <div className="grid grid-cols-1 gap-6">
          <Matrix matrix={matrix.data} />
          <PolicyList matrix={matrix.data} />
        </div>
      )}
    </>
  );
}

function Matrix({ matrix }: { readonly matrix: PolicyMatrix }) {
  return (
    <Card title="Roles and actions">
      <ul aria-label="What the signs mean" className="mb-3 flex flex-wrap gap-x-4 gap-y-1 text-xs text-ink-muted">
        {Object.values(answerLooks).map(({ mark, says, tone }) => (
          <li key={says}>
            <span className={tone} aria-hidden="true">
              {mark}
            </span>{" "}
            {says}
          </li>
        ))}
      </ul>
      {/* Who has no mouse scrolls a wide table with the arrow keys: it must take the focus (WCAG 2.1.1). */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- see above */}
      <section className="relative overflow-x-auto" aria-label="Roles and actions" tabIndex={0}>
        <table className="w-full border-collapse text-sm">
          <thead>
            <tr>
              <th scope="col" className="sticky left-0 bg-surface px-2 py-1 text-left align-bottom font-medium">
                Action
              </th>
              {matrix.roles.map((role) => (
                <th key={role} scope="col" className="px-2 py-1 text-center align-bottom text-xs font-medium">
                  {wordsOf(role)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {matrix.rows.map(({ action, says, cells }) => (
              <tr key={action} className="border-t border-line">
                <th scope="row" className="sticky left-0 max-w-72 min-w-44 bg-surface px-2 py-1 text-left font-normal">
                  {wordsOf(says)} <span className="block font-mono text-xs text-ink-muted">{action}</span>
                </th>
                {cells.map(({ answer, by }, index) => {
                  const { mark, says: meaning, tone } = answerLooks[answer];
                  return (
                    <td
                      key={matrix.roles[index]}
                      className="px-2 py-1 text-center"
                      title={`${meaning}: ${by.join(", ")}`}
                    >
                      <span className={tone} aria-hidden="true">
                        {mark}
                      </span>
                      <span className="sr-only">{meaning}</span>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Card>
  );
}

function PolicyList({ matrix }: { readonly matrix: PolicyMatrix }) {
  return (
    <Card title="Policies" aside={<span className="font-mono text-xs text-ink-muted">{matrix.version}</span>}>
      <ul className="grid grid-cols-1 gap-2">
        {matrix.policies.map((policy) => (
          <li key={policy.id} className="rounded-sm border border-line px-3 py-2 text-sm">
            <details>
              <summary className="cursor-pointer">
                <span className="font-medium">{policy.says}</span>
                <span className="block text-xs text-ink-muted">
                  {policy.effect === "forbid" ? "Forbids" : "Permits"} · {policy.file}:{policy.line} · {policy.owner} ·
                  review by {policy.review}
                  {policy.overdue ? <strong className="text-bad"> · overdue</strong> : null}
                </span>
              </summary>
              <pre className="mt-2 whitespace-pre-wrap break-words rounded-sm bg-sunken p-3 font-mono text-xs">
                {policy.text}
              </pre>
            </details>
          </li>
        ))}
      </ul>
    </Card>
  );
}

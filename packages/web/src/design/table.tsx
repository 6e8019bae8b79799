import type { ReactNode } from "react";
import { cx } from "./cx.ts";

export type Column<Row> = {
  readonly id: string;
  readonly title: string;
  readonly numeric?: boolean;
  readonly cell: (row: Row) => ReactNode;
};

/**
 * Rows with a header on a desk; on a phone each row becomes a block of named values, so that nobody scrolls sideways to read it.
 */
export function Table<Row>(props: {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly idOf: (row: Row) => string;
  readonly renderPhone?: (row: Row) => ReactNode; // the whole row on a phone, where named values in a column would be too long
}) {
  const { label, columns, rows, idOf, renderPhone } = props;
  return (
    <table aria-label={label} className="w-full text-left text-sm max-md:block">
      <thead className="max-md:sr-only">
        <tr className="border-b border-line">
          {columns.map((column) => (
            <th
              key={column.id}
              scope="col"
              className={cx(
                "px-4 py-2 text-xs font-medium whitespace-nowrap text-ink-muted",
                column.numeric && "text-right",
              )}
            >
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody className="max-md:block">
        {rows.map((row) => (
          <TableRow key={idOf(row)} row={row} columns={columns} phone={renderPhone?.(row)} />
        ))}
      </tbody>
    </table>
  );
}

function TableRow<Row>(props: {
  readonly row: Row;
  readonly columns: readonly Column<Row>[];
  readonly phone: ReactNode;
}) {
  const { row, columns, phone } = props;
  return (
    <tr className="border-b border-line last:border-0 hover:bg-hover max-md:block max-md:py-2.5">
      {columns.map((column) => (
        <td
          key={column.id}
          className={cx(
            phone !== undefined && "max-md:hidden!",
            "px-4 py-2 align-top max-md:grid max-md:grid-cols-[6.5rem_minmax(0,1fr)] max-md:gap-3 max-md:py-0.5",
            column.numeric && "md:text-right",
          )}
        >
          <span aria-hidden="true" className="text-xs leading-5 text-ink-muted md:hidden">
            {column.title}
          </span>
          <div className="min-w-0">{column.cell(row)}</div>
        </td>
      ))}
      {phone === undefined ? null : <td className="block px-4 md:hidden">{phone}</td>}
    </tr>
  );
}

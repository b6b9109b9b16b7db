import type { ComponentChildren } from "preact";

export interface Column<Row> {
  readonly title: string;
  readonly show: (row: Row) => ComponentChildren;
  /** `number`: to the right; `short`: on one line; `do`: buttons. */
  readonly kind?: "number" | "short" | "do";
}

interface TableProps<Row> {
  /** What it holds, for who does not see it. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** What to do to fill it. */
  readonly empty: ComponentChildren;
}

const CLASSES = { number: "number", short: "short", do: "doing" } as const;

/** On a phone each row becomes a block whose cells carry their column's title. */
export function Table<Row>({ caption, columns, rows, keyOf, empty }: TableProps<Row>) {
  if (rows.length === 0) return <p class="empty">{empty}</p>;
  return (
    <table class="rows">
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ title, kind }) => (
            <th key={title} scope="col" class={kind === "number" ? "number" : ""}>
              {kind === "do" ? <span class="unseen">{title}</span> : title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)} data-row={keyOf(row)}>
            {columns.map((column) => (
              <Cell key={column.title} column={column} row={row} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Cell<Row>({ column: { title, show, kind }, row }: { column: Column<Row>; row: Row }) {
  const shown = show(row);
  const isNothing = shown === null || shown === undefined || shown === false || shown === "";
  const name = `${kind === undefined ? "" : CLASSES[kind]} ${isNothing ? "nothing" : ""}`.trim();
  return (
    <td data-title={kind === "do" ? "" : title} class={name}>
      <div class="cell">{shown}</div>
    </td>
  );
}

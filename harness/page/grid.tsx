import type { TargetedKeyboardEvent } from 'preact';
import type { Verdict } from '../results/results.ts';

/** What a cell shows, and where it leads. */
export interface Cell {
  readonly href: string;
  readonly text: string;
  /** What is read aloud after the text. */
  readonly spoken: string;
  /** The verdict whose colour it has. */
  readonly verdict?: Verdict | undefined;
  readonly current?: boolean;
}

interface GridProps {
  readonly caption: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly cell: (row: string, column: string) => Cell | undefined;
}

/** A table of links: Tab comes to one of them, arrow keys move on from there. */
export const Grid = ({ caption, rows, columns, cell }: GridProps) => {
  const cells = rows.map((row) => columns.map((column) => cell(row, column)));
  const all = cells.flat().filter((one) => one !== undefined);
  const entry = all.find(({ current }) => current) ?? all[0];
  return (
    <div class="scrolled">
      <h2>{caption}</h2>
      <table role="grid" class="grid" aria-label={caption} onKeyDown={moveFocus}>
        <thead>
          <tr>
            <td />
            {columns.map((column) => (
              <th scope="col" key={column}>
                <span>{column}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={row}>
              <th scope="row">{row}</th>
              {cells[index]?.map((one, place) => (
                <td key={place} class={one?.verdict ?? ''}>
                  {one && (
                    <a
                      href={one.href}
                      tabIndex={one === entry ? 0 : -1}
                      aria-current={one.current ? 'true' : undefined}
                    >
                      {one.text}
                      <span class="unseen">{` ${one.spoken}`}</span>
                    </a>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
};

const STEPS: Readonly<Record<string, readonly [down: number, right: number]>> = {
  ArrowDown: [1, 0],
  ArrowUp: [-1, 0],
  ArrowRight: [0, 1],
  ArrowLeft: [0, -1],
};

function moveFocus(event: TargetedKeyboardEvent<HTMLTableElement>): void {
  const step = STEPS[event.key];
  const from = document.activeElement?.closest('td');
  const row = from?.closest('tr');
  if (step === undefined || !from || !row) return;
  event.preventDefault();
  const next = event.currentTarget.rows[row.rowIndex + step[0]]?.cells[from.cellIndex + step[1]];
  next?.querySelector('a')?.focus();
}

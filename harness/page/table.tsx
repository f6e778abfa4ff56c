import type { ComponentChild, ComponentChildren } from 'preact';

interface TableProps {
  readonly caption: string;
  readonly columns: readonly ComponentChild[];
  readonly children: ComponentChildren;
  readonly class?: string;
}

/** A table that scrolls horizontally if it is wider than the screen. */
export const DataTable = ({ caption, columns, children, class: name }: TableProps) => (
  <div class="scrolled" tabIndex={0} role="group" aria-label={caption}>
    <table class={name}>
      <caption>{caption}</caption>
      <thead>
        <tr>
          {columns.map((column, index) => (
            <th scope="col" key={index}>
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </div>
);

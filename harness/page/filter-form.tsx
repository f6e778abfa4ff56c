import type { ComponentChildren, TargetedInputEvent } from 'preact';
import { useContext } from 'preact/hooks';
import { SetFilter } from './context.tsx';

/** Returns a function that sets a parameter of the address's filter. An empty value removes the parameter. */
export function useSet(parameters: URLSearchParams): (name: string, value: string) => void {
  const setFilter = useContext(SetFilter);
  return (name, value) => {
    const next = new URLSearchParams(parameters);
    if (value === '') next.delete(name);
    else next.set(name, value);
    setFilter(next);
  };
}

interface FormProps {
  readonly label?: string;
  readonly children: ComponentChildren;
}

export const FilterForm = ({ label, children }: FormProps) => (
  <form class="filter" role="search" aria-label={label} onSubmit={(event) => event.preventDefault()}>
    {children}
  </form>
);

interface SearchProps {
  readonly label: string;
  readonly value: string;
  readonly onSearch: (value: string) => void;
}

export const Search = ({ label, value, onSearch }: SearchProps) => (
  <input
    type="search"
    aria-label={label}
    placeholder="Search"
    value={value}
    onInput={(event: TargetedInputEvent<HTMLInputElement>) => onSearch(event.currentTarget.value)}
  />
);

interface TogglesProps {
  readonly label: string;
  /** Names of the toggles, and the content of their buttons. */
  readonly options: readonly (readonly [name: string, face: ComponentChildren])[];
  /** Names, separated by commas. */
  readonly value: string;
  readonly onToggle: (value: string) => void;
}

/** Toggle buttons. No pressed button means the same as all. */
export const Toggles = ({ label, options, value, onToggle }: TogglesProps) => {
  const pressed = new Set(value.split(','));
  const toggled = (name: string): string =>
    options
      .map(([one]) => one)
      .filter((one) => pressed.has(one) !== (one === name))
      .join();
  return (
    <div class="toggles" role="group" aria-label={label}>
      {options.map(([name, face]) => (
        <button type="button" key={name} aria-pressed={pressed.has(name)} onClick={() => onToggle(toggled(name))}>
          {face}
        </button>
      ))}
    </div>
  );
};

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly string[];
  /** Label of the empty value. */
  readonly any: string;
  readonly onChoice: (value: string) => void;
}

export const Choice = ({ label, value, options, any, onChoice }: ChoiceProps) => (
  <label class="choice">
    <span>{label}</span>
    <select value={value} onChange={(event) => onChoice(event.currentTarget.value)}>
      <option value="">{any}</option>
      {options.map((option) => (
        <option key={option} value={option}>
          {option}
        </option>
      ))}
    </select>
  </label>
);

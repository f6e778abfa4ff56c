/** Metrics in Prometheus's text format, as written by its Go client. */

type Labels = Readonly<Record<string, string>>;

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');

/** Returns the labels in braces, sorted by name. */
export const labelText = (labels: Labels): string =>
  Object.keys(labels)
    .sort()
    .map((name) => `${name}="${escaped(labels[name] ?? '')}"`)
    .join(',');

export const family = (name: string, type: string, help: string, samples: readonly string[]): string =>
  samples.length === 0 ? '' : [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples, ''].join('\n');

export class CounterVec {
  readonly #name: string;
  readonly #help: string;
  readonly #counts = new Map<string, number>();

  constructor(name: string, help: string) {
    this.#name = name;
    this.#help = help;
  }

  increment(labels: Labels = {}): void {
    const text = labelText(labels);
    const key = text === '' ? '' : `{${text}}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  text(): string {
    const samples = [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1));
    const lines = samples.map(([labels, count]) => `${this.#name}${labels} ${count}`);
    return family(this.#name, 'counter', this.#help, lines);
  }
}

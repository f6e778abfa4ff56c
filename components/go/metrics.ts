const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');

/** A metric in Prometheus's text format, as written by its Go client. */
export class CounterVec {
  readonly #name: string;
  readonly #help: string;
  readonly #counts = new Map<string, number>();

  constructor(name: string, help: string) {
    this.#name = name;
    this.#help = help;
  }

  increment(labels: Readonly<Record<string, string>>): void {
    const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
    const key = sorted.map(([label, value]) => `${label}="${escaped(value)}"`).join(',');
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  text(): string {
    if (this.#counts.size === 0) return '';
    const samples = [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1));
    const lines = samples.map(([labels, count]) => `${this.#name}{${labels}} ${count}`);
    return [`# HELP ${this.#name} ${this.#help}`, `# TYPE ${this.#name} counter`, ...lines, ''].join('\n');
  }
}

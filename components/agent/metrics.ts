type Labels = Readonly<Record<string, string>>;

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

class CounterVec {
  readonly #name: string;
  readonly #help: string;
  readonly #counts = new Map<string, number>();

  constructor(name: string, help: string) {
    this.#name = name;
    this.#help = help;
  }

  increment(labels: Labels): void {
    const names = Object.keys(labels).sort();
    const key = names.map((name) => `${name}="${escapeLabel(labels[name] ?? '')}"`).join(',');
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Nothing at all before the first count, as with the Go client. */
  lines(): string[] {
    if (this.#counts.size === 0) return [];
    const samples = [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1));
    return [
      `# HELP ${this.#name} ${this.#help}`,
      `# TYPE ${this.#name} counter`,
      ...samples.map(([labels, count]) => `${this.#name}{${labels}} ${count}`),
    ];
  }
}

export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8; escaping=values';

/** The agent's own metrics, shared by all bind hosts. Answers of the rate limiter and of unknown paths are not counted. */
export class Metrics {
  readonly #cacheErrors = new CounterVec(
    'pod_identity_cache_errors',
    'Removing credentials from cache, got non recoverable error',
  );
  readonly #cacheState = new CounterVec('pod_identity_cache_state', 'The state of credential in cache');
  readonly #responses = new CounterVec('pod_identity_http_response', 'Pod Identity http response code');

  cacheError(type: 'Recoverable' | 'NonRecoverable', code: string): void {
    this.#cacheErrors.increment({ type, code });
  }

  /** `hit` is a background refresh that succeeded, not an answer from the cache. */
  cacheState(state: 'miss' | 'hit' | 'evicted'): void {
    this.#cacheState.increment({ state });
  }

  response(code: number): void {
    this.#responses.increment({ code: String(code) });
  }

  /** Prometheus' text format. */
  text(): string {
    const lines = [this.#cacheErrors, this.#cacheState, this.#responses].flatMap((counter) => counter.lines());
    return lines.map((line) => `${line}\n`).join('');
  }
}

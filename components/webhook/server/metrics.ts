/** The webhook's metrics in Prometheus' text format, under the names that amazon-eks-pod-identity-webhook gives them. */
export class Metrics {
  readonly #requests = new Map<string, { readonly labels: string; count: number }>();
  readonly #latencies = new Map<string, Latencies>();
  readonly #pods = new Map<string, number>();
  #missingServiceAccounts = 0;
  #used = false;

  /** `duration` in microseconds. */
  countRequest(verb: string, path: string, code: number, duration: number): void {
    const labels = `code="${code}",path="${escaped(path)}",verb="${escaped(verb)}"`;
    const requests = this.#requests.get(labels) ?? { labels, count: 0 };
    requests.count++;
    this.#requests.set(labels, requests);
    const route = `path="${escaped(path)}",verb="${escaped(verb)}"`;
    const latencies = this.#latencies.get(route) ?? new Latencies();
    latencies.observe(duration);
    this.#latencies.set(route, latencies);
  }

  countPod(method: 'container_credentials' | 'sts_web_identity'): void {
    this.#pods.set(method, (this.#pods.get(method) ?? 0) + 1);
  }

  countMissingServiceAccount(): void {
    this.#missingServiceAccounts++;
  }

  /** The webhook has seen a service account. */
  setUsed(): void {
    this.#used = true;
  }

  text(): string {
    const families = [
      family(
        'http_request_count',
        'counter',
        'Requests by verb, path and response code.',
        [...this.#requests.values()].map(({ labels, count }) => `http_request_count{${labels}} ${count}`),
      ),
      family(
        'http_request_duration_microseconds',
        'summary',
        'Response latency in microseconds by verb and path.',
        [...this.#latencies].flatMap(([labels, latencies]) => latencies.summary(labels)),
      ),
      family(
        'http_request_latencies',
        'histogram',
        'Response latency in microseconds by verb and path.',
        [...this.#latencies].flatMap(([labels, latencies]) => latencies.histogram(labels)),
      ),
      family(
        'pod_identity_webhook_missing_sa_count',
        'counter',
        'Pods whose service account the webhook does not know.',
        this.#missingServiceAccounts === 0
          ? []
          : [`pod_identity_webhook_missing_sa_count ${this.#missingServiceAccounts}`],
      ),
      family(
        'pod_identity_webhook_pod_count',
        'counter',
        'Mutated pods by the method of their credentials.',
        [...this.#pods].map(([method, count]) => `pod_identity_webhook_pod_count{method="${method}"} ${count}`),
      ),
      family('pod_identity_webhook_used', 'gauge', 'Whether the webhook has seen a service account.', [
        `pod_identity_webhook_used ${this.#used ? 1 : 0}`,
      ]),
    ];
    return families.join('');
  }
}

/** Upper bounds in microseconds: 125 ms to 8 s. */
const BUCKETS = [125_000, 250_000, 500_000, 1e6, 2e6, 4e6, 8e6];

class Latencies {
  readonly #buckets = BUCKETS.map(() => 0);
  #count = 0;
  #sum = 0;

  observe(duration: number): void {
    this.#count++;
    this.#sum += duration;
    BUCKETS.forEach((bound, index) => {
      if (duration <= bound) this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
    });
  }

  summary(labels: string): string[] {
    return [
      `http_request_duration_microseconds_sum{${labels}} ${this.#sum}`,
      `http_request_duration_microseconds_count{${labels}} ${this.#count}`,
    ];
  }

  histogram(labels: string): string[] {
    return [
      ...BUCKETS.map((bound, index) =>
        bucket(labels, bound < 1e6 ? String(bound) : `${bound / 1e6}e+06`, this.#buckets[index] ?? 0),
      ),
      bucket(labels, '+Inf', this.#count),
      `http_request_latencies_sum{${labels}} ${this.#sum}`,
      `http_request_latencies_count{${labels}} ${this.#count}`,
    ];
  }
}

const bucket = (labels: string, bound: string, count: number): string =>
  `http_request_latencies_bucket{${labels},le="${bound}"} ${count}`;

function family(name: string, type: string, help: string, samples: readonly string[]): string {
  if (samples.length === 0) return '';
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples, ''].join('\n');
}

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

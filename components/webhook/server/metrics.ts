import { CounterVec, family, labelText } from '../../go/metrics.ts';
import type { Knowledge, Mutation } from '../mutation/mutate-pod.ts';

/** The webhook's metrics in Prometheus's text format, with the names of amazon-eks-pod-identity-webhook. */
export class Metrics {
  readonly #requests = new CounterVec('http_request_count', 'Requests by verb, path and response code.');
  readonly #latencies = new Map<string, Latencies>();
  readonly #missingServiceAccounts = new CounterVec(
    'pod_identity_webhook_missing_sa_count',
    'Pods whose service account the webhook does not know.',
  );
  readonly #pods = new CounterVec('pod_identity_webhook_pod_count', 'Mutated pods by the method of their credentials.');
  #used = false;

  /** Counts a request. `duration`: in microseconds. */
  countRequest(verb: string, path: string, code: number, duration: number): void {
    this.#requests.increment({ code: String(code), path, verb });
    const route = labelText({ path, verb });
    const latencies = this.#latencies.get(route) ?? new Latencies();
    latencies.observe(duration);
    this.#latencies.set(route, latencies);
  }

  countPod({ annotated, configured, configuredAnywhere }: Knowledge, mutation: Mutation | undefined): void {
    if (annotated) this.#used = true;
    if (mutation) this.#pods.increment({ method: mutation.method });
    else if (!annotated && !configured && !configuredAnywhere) this.#missingServiceAccounts.increment();
  }

  text(): string {
    const latency = 'Response latency in microseconds by verb and path.';
    return [
      this.#requests.text(),
      family(
        'http_request_duration_microseconds',
        'summary',
        latency,
        [...this.#latencies].flatMap(([labels, latencies]) => latencies.summary(labels)),
      ),
      family(
        'http_request_latencies',
        'histogram',
        latency,
        [...this.#latencies].flatMap(([labels, latencies]) => latencies.histogram(labels)),
      ),
      this.#missingServiceAccounts.text(),
      this.#pods.text(),
      family('pod_identity_webhook_used', 'gauge', 'Whether the webhook has seen a service account.', [
        `pod_identity_webhook_used ${this.#used ? 1 : 0}`,
      ]),
    ].join('');
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

/** Versions that fail: from the first, to the one before `below`, by a report or documentation. */
type Range = readonly [from: string, below: string, source: string];

const below = (version: string, source: string): Range => ['0', version, source];
const SDK = 'EKS User Guide, "Use pod identity with the AWS SDK"';
const BEATS = below('8.13.0', 'elastic/beats#38174');
const VICTORIA: Range = ['1.140.0', '1.140.1', 'VictoriaMetrics/VictoriaMetrics#10818'];
const WORKFLOWS = below('3.5.5', 'argoproj/argo-workflows#12651');

/** Images by the last part of their name. A newer version may be worse. */
export const IMAGES: Readonly<Record<string, readonly Range[]>> = {
  'argo-events': [below('1.9.1', 'argoproj/argo-events#3039')],
  argocd: [below('2.10.0', 'argoproj/argo-cd#16641')],
  argoexec: [WORKFLOWS],
  'aws-cli': [below('1.30.0', SDK), ['2.0.0', '2.15.0', SDK]],
  'aws-ebs-csi-driver': [below('1.25.1', 'kubernetes-sigs/aws-ebs-csi-driver#1870')],
  'aws-efs-csi-driver': [below('1.7.5', 'kubernetes-sigs/aws-efs-csi-driver#1257')],
  'aws-fsx-csi-driver': [below('1.1.1', 'kubernetes-sigs/aws-fsx-csi-driver#372')],
  'aws-load-balancer-controller': [below('2.7.0', 'kubernetes-sigs/aws-load-balancer-controller#3613')],
  chartmuseum: [below('0.16.2', 'helm/chartmuseum#769')],
  'clickhouse-server': [below('24.10.0', 'ClickHouse/ClickHouse#71074')],
  'cluster-autoscaler': [
    below('1.27.0', 'kubernetes/autoscaler#6392'),
    ['1.28.0', '1.28.3', 'kubernetes/autoscaler#6392'],
  ],
  'elastic-agent': [BEATS],
  'external-dns': [
    below('0.14.1', 'kubernetes-sigs/external-dns#4188'),
    ['0.14.1', '0.14.2', 'kubernetes-sigs/external-dns#4353'],
  ],
  'external-secrets': [below('0.9.10', 'external-secrets/external-secrets#2951')],
  filebeat: [BEATS],
  litestream: [['0.5.10', '0.5.11', 'benbjohnson/litestream#1215']],
  metricbeat: [BEATS],
  opencost: [below('1.108.2', 'opencost/opencost#2562')],
  outline: [['1.8.1', '1.8.2', 'outline/outline#12885']],
  tempo: [below('2.6.0', 'grafana/tempo#3899')],
  thanos: [below('0.35.0', 'thanos-io/thanos#7157')],
  'victoria-metrics': [VICTORIA],
  vmagent: [VICTORIA],
  vmalert: [VICTORIA],
  'workflow-controller': [WORKFLOWS],
};

export interface ImageSupport {
  /** `check`: the tag does not show the version of the AWS SDK. `too-old`: the version is in a range that fails. */
  readonly state: 'supported' | 'too-old' | 'check';
  /** The first version that is not known to fail. */
  readonly minimum?: string;
  /** The first version of the range that fails, unless all older ones fail. */
  readonly from?: string;
  readonly source?: string;
}

/** Returns whether the AWS SDK of an image supports Pod Identity, by its name and tag. */
export function podIdentitySupport(image: string): ImageSupport {
  const [, name = '', version = ''] = /([^/:@]+):v?(\d+\.\d+\.\d+)/.exec(image) ?? [];
  const ranges = Object.hasOwn(IMAGES, name) ? (IMAGES[name] ?? []) : [];
  const failing = ranges.find(([from, end]) => !isBelow(version, from) && isBelow(version, end));
  const range = failing ?? ranges.at(-1);
  if (range === undefined) return { state: 'check' };
  const [from, minimum, source] = range;
  return { state: failing ? 'too-old' : 'supported', minimum, source, ...(failing && from !== '0' && { from }) };
}

const isBelow = (version: string, other: string): boolean => version.localeCompare(other, 'en', { numeric: true }) < 0;

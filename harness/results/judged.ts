import type { RunResults } from './results.ts';

/** Returns a sentence that lists the judged parts of the user and of this package. */
export function judgedText(results: RunResults): string {
  const [yours, packaged] = judgedParts(results);
  const ofPackage = packaged.length === 0 ? '' : `${listed(packaged)} of this package`;
  if (yours.length === 0) return `Judged: ${ofPackage}. Nothing of yours was tested; run "init" to test your policies.`;
  return `Judged: ${listed(yours)}${packaged.length === 0 ? '' : `, with ${ofPackage}`}.`;
}

/** Returns the names of components and programs: the user's (or AWS's), and those of this package. */
export function judgedParts(results: RunResults): readonly [yours: readonly string[], packaged: readonly string[]] {
  const { configuration, environment, scenarios } = results;
  const { aws, cluster, clusters, faults } = environment;
  const text = (name: string): string | undefined => [configuration[name]?.value ?? []].flat().join(', ') || undefined;
  const yours: string[] = [];
  const packaged: string[] = [];
  const put = (theirs: string | undefined, ours: string): unknown =>
    theirs === undefined ? packaged.push(ours) : yours.push(theirs);
  const isEks = cluster === 'eks';
  if (scenarios.some(({ file }) => !file.startsWith('suites/')))
    yours.push(`the suites in ${text('suites-dir') ?? '?'}`);
  const clients = new Set(scenarios.flatMap(({ client }) => (client ? `${client.name} ${client.version}` : [])));
  if (clients.size > 0) yours.push(`${clients.size === 1 ? 'client' : 'clients'} ${[...clients].join(', ')}`);
  const place = text('context') ?? text('kubeconfig') ?? text('cluster-name');
  if (isEks) yours.push(place === undefined ? 'Amazon EKS' : `the EKS cluster ${place}`);
  else if (place !== undefined) yours.push(`the cluster of ${place}`);
  const image = (name: string): string | undefined => (text(name) === undefined ? undefined : `image ${text(name)}`);
  const addon = clusters[0]?.facts['agentAddonVersion'] ?? '';
  put(aws === 'emulator' ? undefined : aws === 'aws' ? 'AWS' : `AWS at ${text('aws-endpoint')}`, 'the emulated AWS');
  put(image('agent-image') ?? (isEks ? `the agent add-on ${addon}`.trim() : undefined), 'the reference agent');
  put(image('webhook-image') ?? (isEks ? "EKS's webhook" : undefined), 'the reference webhook');
  if (faults.length > 0) packaged.push(`the ${faults.length === 1 ? 'fault' : 'faults'} ${faults.join(', ')}`);
  return [yours, packaged];
}

const SELECTORS = ['suite', 'scenario', 'grep', 'grep-invert', 'suites-dir', 'last-failed', 'shard'] as const;

/** Returns a sentence with the parts that a run of the default selection omits, and their flags; nothing for other runs. */
export function notExercisedLines({ configuration, environment }: RunResults): readonly string[] {
  const isSet = (name: string): boolean => Boolean(configuration[name]?.value);
  if (SELECTORS.some(isSet)) return [];
  const charts = environment.clusters.map(({ facts }) => facts['agentChart']);
  const parts = [
    ...(charts.includes('0.1') && !charts.includes('0.2') ? ['agent 0.2 (--agent-chart 0.2)'] : []),
    ...(isSet('client') ? [] : ['clients other than the SDK for JavaScript (--client python,go)']),
    ...(isSet('scope') ? [] : ['scopes aws and kubernetes (--scope all)']),
    ...(environment.cluster === 'embedded' ? ['a real Kubernetes (--cluster kind)'] : []),
  ];
  return parts.length === 0 ? [] : [`Not exercised: ${listed(parts)}.`];
}

/** `a, b and c` */
export const listed = (items: readonly string[]): string =>
  items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;

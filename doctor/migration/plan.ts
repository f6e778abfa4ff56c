import { CHECKS } from '../checks/index.ts';
import { ClusterFacts } from '../facts/cluster-facts.ts';
import { podIdentitySupport, type ImageSupport } from '../facts/image-versions.ts';
import { parseRoleArn } from '../facts/irsa.ts';
import { containersOf } from '../facts/injection.ts';
import { judge } from '../judge/judge.ts';
import type { Finding } from '../judge/report-schema.ts';
import { concerns } from '../pod/follow.ts';
import type { Gap, Snapshot } from '../snapshot/snapshot.ts';
import { accountsOf, type Account, type AccountMechanism } from './accounts.ts';
import type { Action } from './action.ts';
import { numbered, type MigrationStep } from './effects.ts';
import { simulated } from './simulate.ts';
import { cleanup, isForeign, preparation, switchover } from './steps.ts';
import { grouped } from '../../foundation/node/grouped.ts';

/** The version of the JSON output. */
const PLAN_VERSION = 1;
const AGENT = 'eks-pod-identity-agent';

export interface PlannedAccount {
  readonly cluster: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly mechanism: AccountMechanism;
  readonly roleArn?: string;
  readonly targetRoleArn?: string;
  readonly pods: readonly string[];
  readonly images: readonly (ImageSupport & { readonly image: string })[];
  /** `ready`: it has steps. `kept`: it uses neither IRSA nor Pod Identity, so nothing changes. */
  readonly state: 'ready' | 'blocked' | 'done' | 'kept';
  readonly blockers: readonly string[];
  readonly notes: readonly string[];
}

/** The steps of all service accounts that share a role. */
interface Migration {
  readonly roleArn: string;
  /** As in `prod: payments/ledger`. */
  readonly serviceAccounts: readonly string[];
  readonly steps: readonly MigrationStep[];
  readonly notes: readonly string[];
}

export interface MigrationPlan {
  readonly version: typeof PLAN_VERSION;
  readonly clusters: readonly { readonly context: string; readonly arn?: string }[];
  readonly serviceAccounts: readonly PlannedAccount[];
  /** Steps of clusters, before all others. */
  readonly preparation: readonly MigrationStep[];
  readonly migrations: readonly Migration[];
  /** What could not be read. The plan may lack blockers. */
  readonly gaps: readonly Gap[];
  /** Whether pods, service accounts and associations of all clusters were read. */
  readonly isComplete: boolean;
}

/** Plans the change from IRSA to Pod Identity. */
export function planOf(snapshot: Snapshot): MigrationPlan {
  const planned = snapshot.clusters.map((cluster) => planCluster(new ClusterFacts(cluster)));
  const accounts = planned.flatMap((one) => one.accounts);
  const ready = accounts.filter(({ plan }) => plan.state === 'ready').map(({ account }) => account);
  return {
    version: PLAN_VERSION,
    clusters: snapshot.clusters.map(({ context, aws }) => ({ context, ...(aws?.cluster && { arn: aws.cluster.arn }) })),
    serviceAccounts: accounts.map(({ plan }) => plan),
    preparation: numbered(planned.flatMap(({ agent }) => agent)),
    migrations: [...grouped(ready, ({ roleArn = '' }) => roleArn)].map(([roleArn, members]) =>
      migration(roleArn, members),
    ),
    gaps: snapshot.clusters.flatMap(({ gaps }) => gaps),
    isComplete: snapshot.clusters.every(
      ({ kubernetes, aws }) => kubernetes.pods && kubernetes.serviceAccounts && aws?.associations,
    ),
  };
}

function migration(roleArn: string, accounts: readonly Account[]): Migration {
  const { actions, notes } = cleanup(accounts, roleArn);
  const all: readonly (readonly [Action, Account?])[] = [
    ...accounts.flatMap((account) => preparation(account).map((action) => [action, account] as const)),
    ...accounts.flatMap((account) => switchover(account).map((action) => [action, account] as const)),
    ...actions.map((action) => [action] as const),
  ];
  const unique = new Map(all.map((one) => [JSON.stringify(one[0]), one]));
  return {
    roleArn,
    serviceAccounts: accounts.map(({ facts, namespace, name }) => `${facts.name}: ${namespace}/${name}`),
    steps: numbered([...unique.values()]),
    notes,
  };
}

interface PlannedCluster {
  readonly accounts: readonly { readonly account: Account; readonly plan: PlannedAccount }[];
  readonly agent: readonly (readonly [Action])[];
}

function planCluster(facts: ClusterFacts): PlannedCluster {
  const accounts = accountsOf(facts);
  const candidates = accounts.filter(isCandidate);
  const lacksAgent = facts.isEks && facts.agents.length === 0 && !facts.isAutoMode && candidates.length > 0;
  const actions = candidates.flatMap((account) => [...preparation(account), ...switchover(account)]);
  const after = new ClusterFacts(simulated(facts.snapshot, candidates, actions));
  const relevant = CHECKS.filter(
    ({ inMigration }) => inMigration !== 'ignored' && !(lacksAgent && inMigration === 'ignored-with-new-agent'),
  );
  const { findings } = judge({ version: 1, clusters: [after.snapshot] }, relevant);
  const planned = accounts.map((account) => ({ account, plan: planAccount(account, findings, after) }));
  return {
    accounts: planned,
    agent:
      lacksAgent && planned.some(({ plan }) => plan.state === 'ready')
        ? [[{ type: 'CreateAddon', cluster: facts.name, addonName: AGENT }]]
        : [],
  };
}

/** Whether the service account is the agent's. The agent cannot get credentials from itself. */
const isAgent = ({ facts, pods }: Account): boolean => pods.some((pod) => facts.agentPodOn(pod.nodeName ?? '') === pod);

const isCandidate = (account: Account): boolean => {
  const { facts, mechanism, roleArn = '' } = account;
  return (
    facts.isEks &&
    !isAgent(account) &&
    (mechanism === 'irsa' || mechanism === 'both') &&
    parseRoleArn(roleArn) !== undefined
  );
};

function planAccount(account: Account, findings: readonly Finding[], after: ClusterFacts): PlannedAccount {
  const { facts, namespace, name, mechanism, roleArn, association, pods } = account;
  const isMigrated = !isAgent(account) && (mechanism === 'irsa' || mechanism === 'both');
  const related = isCandidate(account) ? findings.filter((finding) => isAbout(finding, account, after)) : [];
  const isBlocker = ({ check, severity }: Finding): boolean =>
    severity === 'error' || CHECKS.some(({ id, inMigration }) => id === check && inMigration === 'blocks');
  // Leaves out the command, because it is for the cluster after the migration.
  const sentence = ({ check, title, text, repair, fix = repair }: Finding): string =>
    `${check} ${title}: ${text} ${fix}`;
  const blockers = [
    ...(isMigrated && !isCandidate(account)
      ? [facts.isEks ? `${roleArn ?? 'Its annotation'} is not the ARN of a role.` : 'The cluster was not found on EKS.']
      : []),
    ...related.filter(isBlocker).map(sentence),
  ];
  const images = [...new Set(pods.flatMap(containersOf).map(({ image }) => image))];
  const targetRoleArn =
    association?.targetRoleArn ?? (isCandidate(account) && isForeign(account) ? roleArn : undefined);
  return {
    cluster: facts.name,
    namespace,
    serviceAccount: name,
    mechanism,
    ...(roleArn !== undefined && { roleArn }),
    ...(targetRoleArn !== undefined && { targetRoleArn }),
    pods: pods.map(({ metadata }) => metadata.name),
    images: images.map((image) => ({ image, ...podIdentitySupport(image) })),
    state: blockers.length > 0 ? 'blocked' : isMigrated ? 'ready' : mechanism === 'pod-identity' ? 'done' : 'kept',
    blockers,
    notes: [
      ...notesOf(account),
      ...related.filter((one) => !isBlocker(one) && one.severity === 'warning').map(sentence),
    ],
  };
}

function isAbout(finding: Finding, { namespace, name, pods }: Account, after: ClusterFacts): boolean {
  const { kind, namespace: place, name: named } = finding.object;
  if (kind === 'Association' || kind === 'ServiceAccount') return place === namespace && named === name;
  return pods.some((pod) => concerns(finding, after, pod));
}

function notesOf(account: Account): readonly string[] {
  const { mechanism, pods } = account;
  if (isAgent(account))
    return ['It is the agent itself, which cannot use Pod Identity. It keeps the role of its node or its annotation.'];
  if (mechanism === 'node-role')
    return ['Its pods use the role of their node. Give the service account a role and an association to end that.'];
  if (mechanism === 'static-keys')
    return ['AWS SDKs use static keys before IRSA and Pod Identity. Remove the keys from its pods first.'];
  if (mechanism !== 'irsa' && mechanism !== 'both') return [];
  return pods.some(({ hostNetwork }) => hostNetwork)
    ? [
        'Pods in the host network can reach the agent, but one report says that it refused them (aws/eks-pod-identity-agent#139). Check one pod first.',
      ]
    : [];
}

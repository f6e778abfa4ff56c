import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { identityOf } from '../facts/identity.ts';
import { containersOf, credentialsOf, variable } from '../facts/injection.ts';
import { roleAnnotation } from '../facts/irsa.ts';
import type { Association } from '../snapshot/aws.ts';
import type { Container, Pod } from '../snapshot/kubernetes.ts';

/** How the pods of a service account get credentials. */
export type AccountMechanism = 'pod-identity' | 'irsa' | 'both' | 'node-role' | 'static-keys' | 'none' | 'unknown';

/** A service account with its pods. */
export interface Account {
  readonly facts: ClusterFacts;
  readonly namespace: string;
  readonly name: string;
  readonly mechanism: AccountMechanism;
  /** The role of IRSA; otherwise the role that pods use. */
  readonly roleArn?: string;
  /** The value of the role annotation. */
  readonly annotation?: string;
  readonly association?: Association;
  readonly pods: readonly Pod[];
}

/** The file that the webhook mounts for IRSA. Other values are set by the manifest. */
const TOKEN_FILE = /[/\\]secrets[/\\]eks\.amazonaws\.com[/\\]serviceaccount[/\\]token$/;

/** Whether the webhook set the container's web identity. */
export const hasInjectedWebIdentity = (container: Container): boolean =>
  TOKEN_FILE.test(variable(container, 'AWS_WEB_IDENTITY_TOKEN_FILE')?.value ?? '');

/** Returns the service accounts with an identity or with pods, by namespace and name. */
export function accountsOf(facts: ClusterFacts): readonly Account[] {
  const declared = (facts.snapshot.kubernetes.serviceAccounts ?? []).map(({ metadata }) => metadata);
  const used = facts.pods.map(({ metadata, serviceAccountName: name }) => ({ namespace: metadata.namespace, name }));
  const keys = new Map(
    [...declared, ...used].map(({ namespace = 'default', name }) => [`${namespace}/${name}`, { namespace, name }]),
  );
  return [...keys]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([, { namespace, name }]) => accountOf(facts, namespace, name))
    .filter(({ pods, annotation, association }) => pods.length > 0 || annotation || association);
}

function accountOf(facts: ClusterFacts, namespace: string, name: string): Account {
  const pods = facts.podsOf(namespace, name);
  const declared = facts.serviceAccount(namespace, name);
  const annotation = declared && roleAnnotation(declared);
  const association = facts.association(namespace, name);
  const old = pods.flatMap(containersOf).find(hasInjectedWebIdentity);
  const webIdentityRole = annotation || (old && credentialsOf(old).webIdentityRole);
  const identities = pods.map((pod) => identityOf(facts, pod));
  const isStatic = identities.some((identity) => identity.mechanism === 'static-keys');
  const [first] = identities;
  const mechanism =
    association === undefined
      ? webIdentityRole
        ? 'irsa'
        : first?.mechanism === 'web-identity'
          ? 'irsa'
          : (first?.mechanism ?? 'none')
      : webIdentityRole
        ? 'both'
        : 'pod-identity';
  const roleArn = webIdentityRole ?? association?.roleArn ?? first?.roleArn;
  return {
    facts,
    namespace,
    name,
    mechanism: isStatic ? 'static-keys' : mechanism,
    ...(roleArn && { roleArn }),
    ...(annotation !== undefined && { annotation }),
    ...(association && { association }),
    pods,
  };
}

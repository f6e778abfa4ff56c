import type { Association, Role } from '../snapshot/aws.ts';
import type { Container, Pod } from '../snapshot/kubernetes.ts';
import type { ClusterSnapshot } from '../snapshot/snapshot.ts';
import { hasInjectedWebIdentity, type Account } from './accounts.ts';
import { withStatements } from '../facts/statements.ts';
import type { Action, ActionOf } from './action.ts';
import { POD_IDENTITY_SERVICE } from '../../identity/pod-identity.ts';

const VOLUME = 'eks-pod-identity-token';
const MOUNT = '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount';

/** Returns the cluster after a migration. Checks judge it like any other. */
export function simulated(
  snapshot: ClusterSnapshot,
  accounts: readonly Account[],
  actions: readonly Action[],
): ClusterSnapshot {
  const { aws, kubernetes } = snapshot;
  if (aws === undefined) return snapshot;
  const migrated = new Set(accounts.flatMap(({ pods }) => pods));
  const associations = [...(aws.associations ?? [])];
  const roles: Record<string, Role | null> = { ...aws.roles };
  for (const action of actions)
    if (action.type === 'CreatePodIdentityAssociation') associations.push(associationOf(action));
    else if (action.type === 'CreateRole')
      roles[action.roleArn] = {
        arn: action.roleArn,
        name: action.roleArn.split('/').at(-1) ?? '',
        tags: {},
        trustPolicy: JSON.stringify({ Version: '2012-10-17', Statement: [action.statement] }),
        policies: {},
      };
    else if (action.type === 'AddTrustStatement' || action.type === 'PutRolePolicy') {
      const role = roles[action.roleArn];
      if (role) roles[action.roleArn] = changed(role, action);
    }
  return {
    ...snapshot,
    aws: { ...aws, associations, roles },
    kubernetes: {
      ...kubernetes,
      ...(kubernetes.pods && { pods: kubernetes.pods.map((pod) => (migrated.has(pod) ? recreated(pod) : pod)) }),
    },
  };
}

const associationOf = ({
  namespace,
  serviceAccount,
  roleArn,
  targetRoleArn,
}: ActionOf<'CreatePodIdentityAssociation'>): Association => ({
  associationId: 'a-planned',
  namespace,
  serviceAccount,
  roleArn,
  ...(targetRoleArn !== undefined && { targetRoleArn }),
  disableSessionTags: false,
});

function changed(role: Role, action: ActionOf<'AddTrustStatement'> | ActionOf<'PutRolePolicy'>): Role {
  if (action.type === 'AddTrustStatement')
    return { ...role, trustPolicy: withStatements(role.trustPolicy, [action.statement]) };
  const policy = JSON.stringify({ Version: '2012-10-17', Statement: [action.statement] });
  return role.policies === undefined ? role : { ...role, policies: { ...role.policies, [action.policyName]: policy } };
}

/** Returns the pod as the webhook will change it. Variables that the manifest sets itself stay. */
const recreated = (pod: Pod): Pod => ({
  ...pod,
  containers: pod.containers.map(injected),
  initContainers: pod.initContainers.map(injected),
  tokenVolumes: [
    ...pod.tokenVolumes.filter(({ volume }) => volume !== 'aws-iam-token' && volume !== VOLUME),
    { volume: VOLUME, audience: POD_IDENTITY_SERVICE },
  ],
});

function injected(container: Container): Container {
  const isInjected = hasInjectedWebIdentity(container);
  const env = container.env.filter(
    ({ name }) => !isInjected || !/^AWS_(?:ROLE_ARN|WEB_IDENTITY_TOKEN_FILE)$/.test(name),
  );
  if (env.some(({ name }) => name === 'AWS_CONTAINER_CREDENTIALS_FULL_URI')) return { ...container, env };
  return {
    ...container,
    env: [
      ...env,
      { name: 'AWS_CONTAINER_CREDENTIALS_FULL_URI', value: 'http://169.254.170.23/v1/credentials' },
      { name: 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', value: `${MOUNT}/${VOLUME}` },
    ],
    volumeMounts: [...container.volumeMounts, { name: VOLUME, mountPath: MOUNT }],
  };
}

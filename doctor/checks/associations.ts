import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { unsupportedNode } from '../facts/compute.ts';
import { containersOf, credentialsOf, hasOwnToken, hasWebIdentity, isInjected } from '../facts/injection.ts';
import { uninjectedByHistory } from '../facts/missing-injection.ts';
import { nearName, nearWords } from '../facts/near-name.ts';
import { identityWebhooks } from '../facts/webhooks.ts';
import { workloadOf } from '../facts/workload.ts';

import { hasIdentity, hasOwnIdentity } from '../facts/own-identity.ts';
import { credentialSource } from '../facts/identity.ts';
import { rolePermission } from '../facts/trust.ts';
import { controllerOf, CONTROLLERS, type Controller } from '../facts/controllers.ts';
import { podStatement } from '../facts/statements.ts';
import { objectText } from '../snapshot/object-name.ts';
import type { Association } from '../snapshot/aws.ts';
import type { Pod } from '../snapshot/kubernetes.ts';
import {
  associationCase,
  ASSOCIATIONS,
  defineCheck,
  podCase,
  podNames,
  readableRole,
  replaceAssociation,
  restart,
  restarts,
  roleName,
  sameName,
  setServiceAccount,
} from './cases.ts';
import type { Case } from './check.ts';
import { aws, inOrder } from './commands.ts';
import { trustForAssociation } from './repaired-trust.ts';

export const podOlder = defineCheck({
  id: 'PID301',
  title: 'A pod is older than its association',
  severity: 'error',
  hops: ['injection'],
  inMigration: 'ignored',
  rights: ['list pods', ...ASSOCIATIONS],
  observation: "The pod has no variables. It was created before the association's `createdAt` plus 10 seconds.",
  cause: 'Pods and associations were created together. The webhook only acts on new pods, seconds later.',
  effect: 'The pod never gets the identity, even if its containers restart. It uses the node role, if it can reach it.',
  fix: 'Restart the workload.',
  source: 'EKS User Guide, "Assign an IAM role to a Kubernetes service account"; aws/containers-roadmap#2507',
  *find(facts) {
    for (const { pod, association, isOlder, youngerBy } of uninjectedByHistory(facts))
      if (association && isOlder) {
        const { associationId, createdAt } = association;
        const text =
          youngerBy === undefined || youngerBy === 0
            ? `Its pods were created before association ${associationId} took effect (created at ${createdAt}).`
            : `Its pods were created ${youngerBy} s after association ${associationId} (created at ${createdAt}): either the webhook did not know it yet, or it failed.`;
        yield podCase(pod, text, restart(facts, pod));
      }
  },
});

export const notInjected = defineCheck({
  id: 'PID302',
  title: 'The webhook did not inject Pod Identity into a pod',
  severity: 'error',
  hops: ['injection'],
  inMigration: 'ignored',
  rights: ['list pods', 'list mutatingwebhookconfigurations', ...ASSOCIATIONS],
  observation: 'The pod is younger than its association, the registered webhook selects it, but it has no variables.',
  cause: 'The webhook failed or timed out when the pod was created. Its `failurePolicy` Ignore hides that.',
  effect: 'The pod never gets the identity. It uses the node role, if it can reach it.',
  fix: 'Restart the workload.',
  source: 'aws/eks-pod-identity-agent#153; aws/amazon-eks-pod-identity-webhook#210',
  *find(facts) {
    for (const { pod, association, isOlder } of uninjectedByHistory(facts))
      if (association && !isOlder) {
        const policies = new Set(identityWebhooks(facts).flatMap(({ failurePolicy }) => failurePolicy ?? []));
        const hidden = policies.has('Ignore') ? '; its failurePolicy Ignore lets pods pass if it fails' : '';
        const whose = facts
          .podsOf(pod.metadata.namespace, pod.serviceAccountName)
          .some((other) => isInjected(other) && objectText(workloadOf(other)) === objectText(workloadOf(pod)))
          ? 'Some of its pods'
          : 'Its pods';
        const text = `${whose} have no variables, although association ${association.associationId} existed before them${hidden}.`;
        yield podCase(pod, text, restart(facts, pod));
      }
  },
});

export const noServiceAccount = defineCheck({
  id: 'PID303',
  title: 'An association names a service account that does not exist',
  severity: 'warning',
  hops: ['association'],
  inMigration: 'ignored',
  rights: ['list serviceaccounts', 'list namespaces', ...ASSOCIATIONS],
  observation: "The association's namespace exists, but has no service account of its name.",
  cause:
    'EKS does not check the names. There may be a typo, or a chart has another name or namespace for its service account.',
  effect: 'No pod can use the association. It is an error if a service account with a near name has no identity.',
  fix: 'Create an association for the right name, or the service account, and delete the wrong one.',
  source: 'EKS User Guide, "Assign an IAM role to a Kubernetes service account"',
  *find(facts) {
    const { namespaces = [], serviceAccounts = [] } = facts.snapshot.kubernetes;
    for (const association of facts.associations) {
      const { namespace, serviceAccount } = association;
      if (!namespaces.some(({ metadata }) => metadata.name === namespace)) continue;
      if (facts.serviceAccount(namespace, serviceAccount)) continue;
      const candidates = serviceAccounts.filter(
        (one) => one.metadata.namespace === namespace && !hasIdentity(facts, namespace, one.metadata.name),
      );
      const names = candidates.map(({ metadata }) => metadata.name);
      const used = names.filter((name) => facts.podsOf(namespace, name).length > 0);
      const near = nearName(serviceAccount, names) ?? nearWords(serviceAccount, used);
      const [other, ...more] = serviceAccounts.flatMap(({ metadata }) =>
        metadata.name === serviceAccount && !hasIdentity(facts, metadata.namespace, serviceAccount)
          ? facts.podsOf(metadata.namespace, serviceAccount).slice(0, 1)
          : [],
      );
      const where =
        other && more.length === 0
          ? `; pods of namespace ${other.metadata.namespace} run as it, without an identity`
          : '';
      const text = `It names \`${serviceAccount}\`, which namespace ${namespace} does not have${near ? `; it has \`${near}\`` : where}.`;
      yield misnamed(facts, association, text, near && { ...association, serviceAccount: near });
    }
  },
});

export const noNamespace = defineCheck({
  id: 'PID304',
  title: 'An association names a namespace that does not exist',
  severity: 'warning',
  hops: ['association'],
  inMigration: 'ignored',
  rights: ['list namespaces', 'list serviceaccounts', ...ASSOCIATIONS],
  observation: 'No namespace has the name in the association.',
  cause: 'EKS does not check the names. There may be a typo, or the namespace was deleted or renamed.',
  effect: 'No pod can use it. It is an error if a near namespace has that service account without identity.',
  fix: 'Create an association for the right namespace, and delete the wrong one.',
  source: 'EKS User Guide, "Assign an IAM role to a Kubernetes service account"',
  *find(facts) {
    const namespaces = (facts.snapshot.kubernetes.namespaces ?? []).map(({ metadata }) => metadata.name);
    for (const association of facts.associations) {
      const { namespace, serviceAccount } = association;
      if (namespaces.includes(namespace)) continue;
      const candidates = namespaces.filter(
        (name) => facts.serviceAccount(name, serviceAccount) && !hasIdentity(facts, name, serviceAccount),
      );
      const near = nearName(namespace, candidates);
      const text = `It names namespace \`${namespace}\`, which does not exist${near ? `; \`${near}\` does` : ''}.`;
      yield misnamed(facts, association, text, near && { ...association, namespace: near });
    }
  },
});

export const noRole = defineCheck({
  id: 'PID306',
  title: 'The role of an association does not exist',
  severity: 'error',
  hops: ['association'],
  rights: [...ASSOCIATIONS, 'iam:GetRole'],
  observation: 'IAM has no role with the ARN in `roleArn` or `targetRoleArn`.',
  cause: 'The role was deleted or recreated with another name or path. EKS checks it only on creation.',
  effect: 'EKS Auth answers AccessDeniedException. Pods get no credentials.',
  fix: 'Create the role again, or update the association.',
  source: 'aws/containers-roadmap#2441',
  *find(facts) {
    for (const association of facts.associations)
      for (const field of ['roleArn', 'targetRoleArn'] as const) {
        const { [field]: arn } = association;
        if (arn === undefined) continue;
        const near = sameName(facts, arn);
        const option = field === 'roleArn' ? '--role-arn' : '--target-role-arn';
        const update = `eks update-pod-identity-association --cluster-name ${facts.name} --association-id ${association.associationId}`;
        const text = `${field === 'roleArn' ? 'Role' : 'Target role'} ${arn} does not exist${near ? `; ${near} has its name, and a path` : ''}.`;
        const finding = associationCase(facts, association, text, near && aws(facts, `${update} ${option} ${near}`));
        yield* readableRole(facts, finding.object, arn);
        if (facts.role(arn) === null) yield { ...finding, part: field };
      }
  },
});

export const unsupportedCompute = defineCheck({
  id: 'PID307',
  title: 'A pod with an association runs where Pod Identity does not work',
  severity: 'error',
  hops: ['association'],
  rights: ['list pods', 'list nodes', 'list daemonsets', 'eks:ListPodIdentityAssociations'],
  observation: 'The pod has an association. Its node is Fargate, Windows, or hybrid without an agent.',
  cause: 'A Fargate profile or a node selector places the pod there. The webhook makes no exception.',
  effect: 'The pod may have variables, but no agent answers.',
  fix: 'Use IRSA on Fargate and Windows: annotate the service account and delete the association. On hybrid nodes, enable the hybrid DaemonSet of the agent.',
  source: 'EKS User Guide, "Learn how EKS Pod Identity works": considerations',
  *find(facts) {
    for (const pod of facts.pods) {
      const place = facts.associationOf(pod) && !hasWebIdentity(pod) ? unsupportedNode(facts, pod) : undefined;
      if (place === undefined) continue;
      const node = facts.node(pod.nodeName);
      const isHybrid = node !== undefined && facts.computeOf(node) === 'hybrid';
      const addon = facts.snapshot.aws?.addons?.some(({ name }) => name === AGENT);
      const values = ['--configuration-values', JSON.stringify({ daemonsets: { hybrid: { create: true } } })];
      const command = `eks update-addon --cluster-name ${facts.name} --addon-name ${AGENT}`;
      const repair = isHybrid && addon ? aws(facts, command, ...values) : undefined;
      yield podCase(pod, `Its pods run on ${place}, where Pod Identity does not work.`, repair);
    }
  },
});

export const noAssociation = defineCheck({
  id: 'PID309',
  title: 'A pod has Pod Identity variables, but no association',
  severity: 'error',
  hops: ['association'],
  inMigration: 'ignored',
  rights: ['list pods', 'eks:ListPodIdentityAssociations'],
  observation: "A container has the agent's address, but no association exists for the pod's service account.",
  cause: 'The association was deleted while the pod ran, or the variables were written by hand.',
  effect: 'Cached credentials end within hours. Then SDKs fail, without a fallback to IRSA or the node role.',
  fix: 'Create the association again, or restart the workload so that it starts without the variables.',
  source: 'EKS User Guide, "Learn how EKS Pod Identity works"',
  *find(facts) {
    for (const pod of facts.pods) {
      const usesAgent = containersOf(pod).some((one) => credentialsOf(one).podIdentity && hasOwnToken(pod, one));
      if (!usesAgent || facts.associationOf(pod)) continue;
      const { namespace } = pod.metadata;
      const text = `Its pods have Pod Identity variables, but ${namespace}/${pod.serviceAccountName} has no association.`;
      yield podCase(pod, text);
    }
  },
});

export const podsAsDefault = defineCheck({
  id: 'PID310',
  title: 'No pod uses an association, and pods next to it run as another service account',
  severity: 'error',
  hops: ['association'],
  inMigration: 'ignored',
  rights: ['list pods', 'list serviceaccounts', ...ASSOCIATIONS],
  observation:
    'The service account has no pods. A workload of a near name runs as one without an identity, such as `default`.',
  cause: 'The manifest lacks `serviceAccountName`, or the chart created a service account of its own.',
  effect: 'These pods have no identity. They use the node role, if they can reach it.',
  fix: 'Set `serviceAccountName` in the pod template, or associate the service account that the pods use.',
  source: 'Kubernetes documentation, "Configure Service Accounts for Pods"; hashicorp/terraform-provider-aws#40852',
  *find(facts) {
    for (const association of facts.associations) {
      const { namespace, serviceAccount } = association;
      if (!facts.serviceAccount(namespace, serviceAccount) || facts.podsOf(namespace, serviceAccount).length > 0)
        continue;
      const others = facts.pods.filter((pod) => pod.metadata.namespace === namespace && !hasOwnIdentity(facts, pod));
      const names = [...new Set(others.map((pod) => workloadOf(pod).name))];
      const near = names.includes(serviceAccount)
        ? serviceAccount
        : (nearName(serviceAccount, names) ?? nearWords(serviceAccount, names));
      const pods = others.filter((pod) => workloadOf(pod).name === near);
      const [pod] = pods;
      if (pod === undefined) continue;
      const { kind, name } = workloadOf(pod);
      const text = `No pod runs as \`${serviceAccount}\`; the pods of ${kind} ${name} run as \`${pod.serviceAccountName}\`, which has no identity.`;
      const finding = associationCase(
        facts,
        association,
        text,
        setServiceAccount(facts, workloadOf(pod), serviceAccount),
      );
      yield { ...finding, pods: podNames(pods, namespace), severity: 'error' };
    }
  },
});

export const controllerWithoutIdentity = defineCheck({
  id: 'PID311',
  title: 'A controller that needs AWS has no identity',
  severity: 'error',
  hops: ['association'],
  inMigration: 'ignored',
  rights: ['list pods', 'list nodes', 'list serviceaccounts', 'ec2:DescribeInstances', ...ASSOCIATIONS],
  observation: `Images of controllers: ${Object.keys(CONTROLLERS).join(', ')}. The node's metadata options and role are compared.`,
  cause:
    'The association or annotation was forgotten, or the controller used the node role before the hop limit became 1.',
  effect: 'The controller gets no credentials, or those of the node, which all pods of the node have.',
  fix: 'Create a role with the policy of the controller, and an association or annotation for its service account.',
  source:
    'kubernetes-sigs/aws-load-balancer-controller#4307; Amazon EKS Best Practices Guide, "Identity and Access Management"',
  *find(facts) {
    for (const pod of facts.pods) {
      if (hasOwnIdentity(facts, pod) || pod.metadata.owner?.kind === 'DaemonSet') continue;
      for (const container of pod.containers) {
        const [image, controller] = controllerOf(container.image) ?? [];
        if (controller === undefined) continue;
        const { mechanism, roleArn = '', reason } = credentialSource(facts, pod, container);
        const role = mechanism === 'node-role' ? facts.role(roleArn) : undefined;
        const isDenied = role && rolePermission(facts, role, controller.action, '*').value === 'denied';
        if (mechanism !== 'none' && !isDenied) continue;
        const why = isDenied ? `node role ${roleName(roleArn)} does not allow ${controller.action}` : reason;
        const { metadata, serviceAccountName } = pod;
        const text = `Its image is ${image}, its service account ${metadata.namespace}/${serviceAccountName} has neither association nor annotation, and ${why}.`;
        const severity = !controller.isOptional ? 'error' : pod.ready ? 'info' : 'warning';
        yield { ...podCase(pod, text, roleOfController(facts, pod, controller)), severity, part: container.name };
      }
    }
  },
});

/** Returns the commands that give a controller a role with its managed policy; undefined if AWS has no policy for it. */
function roleOfController(facts: ClusterFacts, pod: Pod, { policy }: Controller): string | undefined {
  const { cluster, accountId } = facts.snapshot.aws ?? {};
  const { namespace = '' } = pod.metadata;
  if (policy === undefined || !cluster || accountId === undefined) return undefined;
  const role = `${facts.name}-${pod.serviceAccountName}`.slice(0, 64);
  const arn = `arn:${facts.partition}:iam::${accountId}`;
  if (facts.role(`${arn}:role/${role}`)) return undefined;
  const trust = { Version: '2012-10-17', Statement: [podStatement(cluster, namespace, pod.serviceAccountName)] };
  const place = `--cluster-name ${facts.name} --namespace ${namespace} --service-account ${pod.serviceAccountName}`;
  return inOrder(
    aws(facts, `iam create-role --role-name ${role} --assume-role-policy-document`, JSON.stringify(trust)),
    aws(
      facts,
      `iam attach-role-policy --role-name ${role} --policy-arn arn:${facts.partition}:iam::aws:policy/${policy}`,
    ),
    aws(facts, `eks create-pod-identity-association ${place} --role-arn ${arn}:role/${role}`),
    restart(facts, pod),
  );
}

const AGENT = 'eks-pod-identity-agent';

/** Returns a case of an association without a service account. It is an error if `right` says which one is probably meant. */
function misnamed(facts: ClusterFacts, association: Association, text: string, right?: Association | ''): Case {
  if (!right) return { ...associationCase(facts, association, text), severity: 'warning' };
  const users = facts.podsOf(right.namespace, right.serviceAccount);
  const trust = trustForAssociation(facts, right);
  const repair = inOrder(trust.repair, replaceAssociation(facts, association, right), restarts(facts, users));
  return { ...associationCase(facts, association, text, repair), change: trust.change, severity: 'error' };
}

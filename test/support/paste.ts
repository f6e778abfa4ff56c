import type { Association } from '../../doctor/snapshot/aws.ts';
import * as make from './cluster-snapshot.ts';
import type { Draft, DraftPod } from './cluster-snapshot.ts';

const INJECTED = /^AWS_(?:CONTAINER_|ROLE_ARN$|WEB_IDENTITY_TOKEN_FILE$)/;
const VOLUME = /^(?:aws-iam-token|eks-pod-identity-token)$/;
const AFTER = '2026-11-30T13:00:00Z';

/** Splits a command as a POSIX shell does. */
export const shellWords = (command: string): string[] =>
  [...command.matchAll(/(?:'[^']*'|\\.|[^\s'\\])+/g)].map(([word]) =>
    word.replaceAll(/'([^']*)'|\\(.)/g, (_, quoted?: string, escaped?: string) => quoted ?? escaped ?? ''),
  );

const flagsOf = (words: readonly string[]) => {
  const flags: Record<string, string> = {};
  for (const [index, word] of words.entries())
    if (word.startsWith('-') && !word.endsWith('-')) {
      const [name, value] = word.split(/=(.*)/s);
      flags[name!] = value ?? words[index + 1] ?? '';
    }
  return flags;
};

/** Applies a command of a repair to a snapshot, as AWS and Kubernetes do. Throws for one that it does not know. */
export function paste(snapshot: Draft, command: string): void {
  const [first = '', ...rest] = command.split(' | ');
  const words = shellWords(first);
  if (rest.length > 0) return restart(snapshot, ({ metadata }) => words.includes(metadata.name));
  if (words[0] === 'aws') return pasteAws(snapshot, `${words[1]} ${words[2]}`, flagsOf(words));
  const at = words.findIndex(
    (word, index) => index > 0 && !word.startsWith('-') && !/^(?:--context|-n)$/.test(words[index - 1]!),
  );
  pasteKubectl(snapshot, words.slice(at), flagsOf(words)['-n'] ?? '');
}

const workloadOf = ({ metadata }: DraftPod): string => {
  const { kind, name } = metadata.owner ?? { kind: 'Pod', name: metadata.name };
  return kind === 'ReplicaSet' ? `deployment/${name.replace(/-[^-]+$/, '')}` : `${kind.toLowerCase()}/${name}`;
};

function pasteKubectl(snapshot: Draft, words: readonly string[], namespace: string): void {
  const { kubernetes } = snapshot;
  const [verb, kind = '', name = ''] = words;
  const flags = flagsOf(words);
  const isOf = (workload: string) => (pod: DraftPod) =>
    pod.metadata.namespace === namespace && workloadOf(pod) === workload;
  const changes = words.slice(2).filter((word) => /^[\w./-]+(?:=|-$)/.test(word) && !word.startsWith('-'));
  switch (`${verb} ${kind.split('/')[0]}`) {
    case 'rollout restart':
      return restart(snapshot, isOf(name));
    case 'delete pod':
      return restart(snapshot, ({ metadata }) => metadata.name === name && metadata.namespace === namespace);
    case 'delete mutatingwebhookconfiguration':
      kubernetes.mutatingWebhooks = kubernetes.mutatingWebhooks.filter(({ configuration }) => configuration !== name);
      return;
    case 'annotate serviceaccount':
    case 'label namespace': {
      const object = (verb === 'label' ? kubernetes.namespaces : kubernetes.serviceAccounts).find(
        ({ metadata }) => metadata.name === name && (verb === 'label' || metadata.namespace === namespace),
      )!;
      const values = (object.metadata[verb === 'label' ? 'labels' : 'annotations'] ??= {});
      for (const change of changes.slice(1 - Number(name === changes[0] ? 0 : 1)))
        if (change.endsWith('-')) delete values[change.slice(0, -1)];
        else values[change.split('=')[0]!] = change.split(/=(.*)/s)[1]!;
      return;
    }
    case 'set serviceaccount':
      for (const pod of kubernetes.pods.filter(isOf(name))) pod.serviceAccountName = words[3]!;
      kubernetes.refusedPods = kubernetes.refusedPods.filter(
        ({ metadata }) => metadata.namespace !== namespace || metadata.owner?.name !== name.split('/')[1],
      );
      return kubernetes.pods.some(isOf(name)) ? restart(snapshot, isOf(name)) : undefined;
    case 'set image':
    case 'set env':
      for (const pod of kubernetes.pods.filter(isOf(name)))
        for (const container of pod.containers)
          for (const change of words.slice(3)) {
            const [key, value] = change.split(/=(.*)/s) as [string, string?];
            if (kind === 'image' && key === container.name) container.image = value!;
            if (kind === 'image' || container.name !== flags['-c']) continue;
            container.env = container.env.filter((one) => one.name !== key.replace(/-$/, ''));
            if (value !== undefined) container.env.push({ name: key, value });
          }
      return restart(snapshot, isOf(name));
    case 'patch networkpolicy': {
      const policy = kubernetes.networkPolicies.find(({ metadata }) => metadata.name === name)!;
      const [{ value }] = JSON.parse(flags['-p']!) as [{ value: object | object[] }];
      for (const rule of [value].flat() as Draft['kubernetes']['networkPolicies'][number]['egress'])
        policy.egress.push({ ...rule, to: rule.to!.map((peer) => ({ ...peer, selects: false })) });
      return;
    }
    case 'patch mutatingwebhookconfiguration': {
      const [{ path, value }] = JSON.parse(flags['-p']!) as [{ path: string; value: string }];
      const own = kubernetes.mutatingWebhooks.filter(({ configuration }) => configuration === name);
      own[Number(path.split('/')[2])]!.caBundle = value;
      return;
    }
    default: {
      if (verb !== 'patch') throw new Error(`Unknown command: ${words.join(' ')}`);
      const { spec } = JSON.parse(flags['-p']!) as {
        spec: { template: { metadata: { labels: Record<string, string | null> } } };
      };
      for (const pod of kubernetes.pods.filter(isOf(kind)))
        for (const [key, value] of Object.entries(spec.template.metadata.labels))
          if (value === null) delete pod.metadata.labels![key];
          else pod.metadata.labels![key] = value;
      return restart(snapshot, isOf(kind));
    }
  }
}

function pasteAws({ aws, kubernetes }: Draft, call: string, flags: Readonly<Record<string, string>>): void {
  const role = Object.values(aws.roles).find((one) => one?.name === flags['--role-name']);
  const association = aws.associations.find(({ associationId }) => associationId === flags['--association-id']);
  switch (call) {
    case 'iam update-assume-role-policy':
      role!.trustPolicy = JSON.stringify(JSON.parse(flags['--policy-document']!));
      return;
    case 'iam put-role-policy':
      role!.policies = { ...role!.policies, [flags['--policy-name']!]: flags['--policy-document']! };
      return;
    case 'iam attach-role-policy':
      role!.policies = { ...role!.policies, [flags['--policy-arn']!]: make.allowing(['eks-auth:*', 'ec2:*']) };
      return;
    case 'iam create-role':
      aws.roles[make.roleArn(flags['--role-name']!)] = make.role(
        flags['--role-name']!,
        flags['--assume-role-policy-document']!,
      );
      return;
    case 'iam create-open-id-connect-provider':
      aws.oidcProviders.push({
        arn: make.PROVIDER,
        url: flags['--url']!.replace('https://', ''),
        clientIds: ['sts.amazonaws.com'],
      });
      return;
    case 'iam add-client-id-to-open-id-connect-provider':
      aws.oidcProviders
        .find(({ arn }) => arn === flags['--open-id-connect-provider-arn'])!
        .clientIds.push(flags['--client-id']!);
      return;
    case 'eks create-addon':
      kubernetes.daemonSets.push(make.agentSet());
      for (const { metadata } of kubernetes.nodes)
        kubernetes.pods.push({ ...make.agentPod(metadata.name), hostNetwork: true });
      return;
    case 'eks update-addon':
      kubernetes.daemonSets.push({
        ...make.agentSet('eks-pod-identity-agent-hybrid'),
        nodeAffinity: [
          { matchExpressions: [{ key: 'eks.amazonaws.com/compute-type', operator: 'In', values: ['hybrid'] }] },
        ],
      });
      for (const { metadata } of kubernetes.nodes.filter(
        (node) => node.metadata.labels?.['eks.amazonaws.com/compute-type'] === 'hybrid',
      )) {
        const agent = make.agentPod(metadata.name);
        kubernetes.pods.push({ ...agent, hostNetwork: true });
        agent.metadata.owner!.name = 'eks-pod-identity-agent-hybrid';
      }
      return;
    case 'eks create-pod-identity-association': {
      const created: Association = {
        ...make.association(flags['--namespace']!, flags['--service-account']!, flags['--role-arn']!),
        ...(flags['--target-role-arn'] !== undefined && { targetRoleArn: flags['--target-role-arn'] }),
        disableSessionTags: '--disable-session-tags' in flags,
      };
      if (
        aws.associations.some(
          (one) => one.namespace === created.namespace && one.serviceAccount === created.serviceAccount,
        )
      )
        throw new Error('ResourceInUseException: Association already exists');
      aws.associations.push(created);
      return;
    }
    case 'eks delete-pod-identity-association':
      aws.associations = aws.associations.filter((one) => one !== association);
      return;
    case 'eks update-pod-identity-association':
      if (flags['--role-arn'] !== undefined) association!.roleArn = flags['--role-arn'];
      if (flags['--target-role-arn'] !== undefined) association!.targetRoleArn = flags['--target-role-arn'];
      if ('--no-disable-session-tags' in flags) association!.disableSessionTags = false;
      return;
    default:
      throw new Error(`Unknown command: aws ${call}`);
  }
}

/** Replaces pods, whose manifests have no settings of the webhook unless their template has them. */
function restart({ kubernetes, aws }: Draft, isMeant: (pod: DraftPod) => boolean): void {
  const pods = kubernetes.pods.filter(isMeant);
  if (pods.length === 0) throw new Error('No pod is restarted.');
  for (const pod of pods) {
    const wasInjected = pod.tokenVolumes.some(({ volume }) => VOLUME.test(volume));
    pod.metadata.creationTimestamp = AFTER;
    pod.tokenVolumes = pod.tokenVolumes.filter(({ volume }) => !VOLUME.test(volume));
    const { namespace = '' } = pod.metadata;
    const isOf = (one: { namespace?: string; name: string }) =>
      one.namespace === namespace && one.name === pod.serviceAccountName;
    const isAssociated = aws.associations.some((one) => isOf({ namespace: one.namespace, name: one.serviceAccount }));
    const annotation = kubernetes.serviceAccounts.find(({ metadata }) => isOf(metadata))?.metadata.annotations?.[
      'eks.amazonaws.com/role-arn'
    ];
    const isSkipped = 'eks.amazonaws.com/skip-pod-identity-webhook' in (pod.metadata.labels ?? {});
    const inject = isAssociated ? 'pod-identity' : annotation;
    const injected = isSkipped || !inject ? undefined : make.pod('x', { namespace, inject });
    for (const container of [...pod.initContainers, ...pod.containers]) {
      if (wasInjected) container.env = container.env.filter(({ name }) => !INJECTED.test(name));
      container.volumeMounts = container.volumeMounts.filter(({ name }) => !VOLUME.test(name));
      if (injected === undefined || container.env.some(({ name }) => INJECTED.test(name))) continue;
      container.env.push(...injected.containers[0]!.env);
      container.volumeMounts.push(...injected.containers[0]!.volumeMounts);
    }
    pod.tokenVolumes.push(...(injected?.tokenVolumes ?? []));
  }
}

import { counted } from '../../foundation/node/text.ts';
import { roleAnnotation } from '../facts/irsa.ts';
import { containersOf, credentialsOf, isInjected, TOKEN_FILES, tokenFileOf } from '../facts/injection.ts';
import { hasStaleCa, isWebhookMissing, uninjectedPods } from '../facts/missing-injection.ts';
import { exclusionsOf, identityWebhooks, isDead, type Exclusion } from '../facts/webhooks.ts';
import { workloadOf } from '../facts/workload.ts';
import type { ClusterFacts } from '../facts/cluster-facts.ts';
import type { Pod } from '../snapshot/kubernetes.ts';
import { changeTemplate, defineCheck, podCase, podNames, restart, restarts } from './cases.ts';
import { inOrder, kubectl } from './commands.ts';

export const webhookMissing = defineCheck({
  id: 'PID201',
  title: 'The Pod Identity webhook is not registered',
  severity: 'error',
  hops: ['injection'],
  rights: ['list mutatingwebhookconfigurations', 'list serviceaccounts', 'list pods', 'eks:DescribeCluster'],
  observation: 'The cluster uses associations or annotations, but no MutatingWebhookConfiguration injects identities.',
  cause: 'EKS registers `pod-identity-webhook` itself. Somebody deleted the object or a tool replaced it.',
  effect: 'New pods start without variables and token. They silently use the node role, if they can reach it.',
  fix: 'Restore the MutatingWebhookConfiguration `pod-identity-webhook` from another EKS cluster or with AWS Support, then restart the pods.',
  source: 'aws/amazon-eks-pod-identity-webhook#135',
  *find(facts) {
    const annotated = (facts.snapshot.kubernetes.serviceAccounts ?? []).filter(roleAnnotation).length;
    if (!isWebhookMissing(facts) || facts.associations.length + annotated === 0) return;
    const users = `${counted(facts.associations.length, 'association')} and ${counted(annotated, 'annotated service account')}`;
    const object = { kind: 'MutatingWebhookConfiguration', name: 'pod-identity-webhook' };
    const pods = podNames(uninjectedPods(facts).map(({ pod }) => pod));
    yield { object, text: `It does not exist, but ${users} need it.`, pods };
  },
});

export const staleCaBundle = defineCheck({
  id: 'PID202',
  title: "The webhook's caBundle lacks the cluster's certificate authority",
  severity: 'error',
  hops: ['injection'],
  rights: ['list mutatingwebhookconfigurations', 'list pods', 'eks:DescribeCluster'],
  observation: "The certificates in `caBundle` of EKS' webhook are compared with the cluster's `certificateAuthority`.",
  cause: "The control plane's certificate authority was rotated, or a tool applied an old copy of the configuration.",
  effect: "The API server rejects the webhook's certificate and ignores the failure, so new pods get no identity.",
  fix: "Replace `caBundle` with the cluster's certificate authority, then restart the pods.",
  source: 'aws/containers-roadmap#2874',
  *find(facts) {
    const uninjected = uninjectedPods(facts).map(({ pod }) => pod);
    const pods = podNames(uninjected);
    for (const webhook of identityWebhooks(facts).filter((one) => hasStaleCa(facts, one))) {
      const object = { kind: 'MutatingWebhookConfiguration', name: webhook.configuration };
      const text = `The caBundle of webhook ${webhook.name} lacks the newest certificate authority of cluster ${facts.name}.`;
      const { mutatingWebhooks = [] } = facts.snapshot.kubernetes;
      const index = mutatingWebhooks.filter((one) => one.configuration === webhook.configuration).indexOf(webhook);
      const value = facts.snapshot.aws?.cluster?.certificateAuthority;
      const patch = [{ op: 'replace', path: `/webhooks/${index}/clientConfig/caBundle`, value }];
      const command = `patch ${object.kind.toLowerCase()} ${object.name} --type=json -p`;
      const repair = inOrder(kubectl(facts, undefined, command, JSON.stringify(patch)), restarts(facts, uninjected));
      yield { object, text, repair, pods };
    }
  },
});

export const excludedBySelector = defineCheck({
  id: 'PID203',
  title: 'A selector of the webhook excludes a pod that needs an identity',
  severity: 'error',
  hops: ['injection'],
  rights: ['list mutatingwebhookconfigurations', 'list namespaces', 'list pods', 'list serviceaccounts'],
  observation: "The webhook's selectors are compared with labels of pods without variables and their namespaces.",
  cause: 'A label opts out, such as `eks.amazonaws.com/skip-pod-identity-webhook`, or a selector was edited.',
  effect: 'The webhook never sees these pods, so they start without variables and token.',
  fix: "Change the labels, or the selector of the webhook's configuration, then restart the pods.",
  source: 'aws/amazon-eks-pod-identity-webhook, deploy/mutatingwebhook.yaml',
  *find(facts) {
    for (const { pod } of uninjectedPods(facts)) {
      const exclusions = exclusionsOf(facts, pod);
      const [first] = exclusions;
      if (first === undefined) continue;
      const texts = exclusions.map(({ webhook, selector, key, operator, values, value }) => {
        const whose = selector === 'namespaceSelector' ? `namespace ${pod.metadata.namespace}` : 'its pods';
        const demand = `${key} ${operator}${values.length > 0 ? ` (${values.join(', ')})` : ''}`;
        const label = value === undefined ? `no label ${key}` : `the label ${key}=${value}`;
        return `The ${selector} of MutatingWebhookConfiguration ${webhook.configuration} excludes ${whose}: it demands ${demand}, but finds ${label}`;
      });
      yield podCase(pod, `${texts.join('. ')}.`, relabel(facts, pod, first));
    }
  },
});

/** Returns the command that gives a namespace or a pod template the label that a selector demands; undefined if that is not enough. */
function relabel(facts: ClusterFacts, pod: Pod, exclusion: Exclusion): string | undefined {
  const { selector, key, operator, values } = exclusion;
  const value = operator === 'In' ? values[0] : operator === 'Exists' ? 'true' : null;
  const { namespace = '' } = pod.metadata;
  // The API server keeps this label.
  if (value === undefined || key === 'kubernetes.io/metadata.name') return undefined;
  if (selector === 'namespaceSelector') {
    const label = `label namespace ${namespace} ${value === null ? `${key}-` : `--overwrite ${key}=${value}`}`;
    const restarted = restart(facts, pod);
    return kubectl(facts, undefined, label) + (restarted === undefined ? '' : ` && ${restarted}`);
  }
  const { kind, name } = workloadOf(pod);
  if (!['Deployment', 'StatefulSet', 'DaemonSet'].includes(kind)) return undefined;
  const patch = { spec: { template: { metadata: { labels: { [key]: value } } } } };
  return kubectl(facts, namespace, `patch ${kind.toLowerCase()}/${name} -p`, JSON.stringify(patch));
}

export const deadWebhook = defineCheck({
  id: 'PID204',
  title: 'A webhook for identities cannot answer',
  severity: 'warning',
  hops: ['injection'],
  inMigration: 'ignored',
  rights: ['list mutatingwebhookconfigurations', 'list pods'],
  observation: "A webhook for identities names a Service, and that Service's namespace has no ready pod.",
  cause: 'A self-hosted webhook was removed or is down, but its configuration stayed.',
  effect: 'With `failurePolicy` Ignore, pods that only it selects get no identity. With Fail, they are not created.',
  fix: "Repair the webhook, or delete its configuration if EKS' own webhook is registered.",
  source: 'Kubernetes documentation, "Dynamic Admission Control"; aws/amazon-eks-pod-identity-webhook#135',
  *find(facts) {
    const webhooks = identityWebhooks(facts);
    for (const webhook of webhooks.filter((one) => isDead(facts, one))) {
      const { configuration: name, service, failurePolicy = 'Fail' } = webhook;
      const isOnly = webhooks.every((one) => isDead(facts, one));
      const repair = isOnly ? undefined : kubectl(facts, undefined, `delete mutatingwebhookconfiguration ${name}`);
      const severity = isOnly || failurePolicy === 'Fail' ? 'error' : 'warning';
      const text = `Its Service ${service} has no ready pod, and its failurePolicy is ${failurePolicy}.`;
      yield { object: { kind: 'MutatingWebhookConfiguration', name }, text, repair, severity };
    }
  },
});

/** Sidecars that need no AWS, and that other webhooks add after this one. */
const SIDECAR = /(?:^|\/)(?:proxyv2|envoy|linkerd|proxy-init|aws-appmesh|dapr|daprd|vault|kuma|consul)[\w-]*(?=[:@]|$)/;

export const partlyInjected = defineCheck({
  id: 'PID205',
  title: 'A pod is injected in part',
  severity: 'error',
  hops: ['injection'],
  inMigration: 'ignored',
  rights: ['list pods'],
  observation:
    "Each container's variables are compared with its mounts, the pod's token volumes and the other containers.",
  cause: 'Another webhook or a copied manifest added containers, variables or volumes after or without the webhook.',
  effect: 'Some containers have no identity, or an SDK looks for a token file that does not exist.',
  fix: 'Remove variables and volumes of the webhook from the manifest, or containers from `skip-containers`, let other webhooks run before it, and restart the workload.',
  source: 'aws/amazon-eks-pod-identity-webhook#208, pkg/handler/handler.go',
  *find(facts) {
    for (const pod of facts.pods) {
      if (!isInjected(pod)) continue;
      const skipped = (pod.metadata.annotations?.[SKIP] ?? '').split(/[\s,]+/);
      const all = containersOf(pod);
      if (all.every(({ name }) => skipped.includes(name)))
        yield {
          ...podCase(pod, `The annotation ${SKIP} of its pods names all of their containers.`),
          severity: 'warning',
        };
      for (const container of all) {
        const { podIdentity, webIdentityRole } = credentialsOf(container);
        const mechanism = podIdentity ? 'pod-identity' : 'web-identity';
        const [fileOf, file] = [TOKEN_FILES[mechanism], tokenFileOf(container, mechanism)];
        const isBare = !podIdentity && webIdentityRole === undefined;
        const isLeftOut = skipped.includes(container.name) || SIDECAR.test(container.image);
        if (isBare && !isLeftOut && !container.env.some(({ name }) => /^AWS_CONTAINER_|^AWS_(?:ROLE|WEB)/.test(name))) {
          const others = all.filter((one) => !skipped.includes(one.name) && one !== container);
          const hasMount = container.volumeMounts.some(({ name }) =>
            pod.tokenVolumes.some(({ volume }) => volume === name && WEBHOOK_VOLUME.test(volume)),
          );
          if (others.length === 0 && !hasMount) continue;
          const text = `Container ${container.name} has no variables${hasMount ? ', although it mounts the token' : ', but other containers of the pod have'}.`;
          yield {
            ...podCase(pod, text, restart(facts, pod)),
            part: container.name,
            severity: credentialsOf(container).preferred.length > 0 ? 'info' : 'error',
          };
        } else if (
          !isBare &&
          file?.startsWith(MOUNTS) &&
          !container.volumeMounts.some(({ mountPath }) => file.startsWith(mountPath))
        ) {
          const hasVolume = pod.tokenVolumes.some(({ audience = '' }) => audience.includes('amazonaws.com'));
          if (hasVolume && !podIdentity) continue;
          const volumes = hasVolume ? 'although the pod has a volume' : 'and the pod has no volume';
          const text = `Container ${container.name} has the variable ${fileOf}, but no mount for it, ${volumes} of the token (${file}).`;
          const env = container.env.flatMap(({ name }) => (WEBHOOK_VARIABLE.test(name) ? [`${name}-`] : []));
          const repair = inOrder(changeTemplate(facts, pod, container, { env }), restart(facts, pod));
          yield { ...podCase(pod, text, repair), part: container.name };
        }
      }
    }
  },
});

const SKIP = 'eks.amazonaws.com/skip-containers';
const WEBHOOK_VOLUME = /^(?:aws-iam-token|eks-pod-identity-token)$/;
const WEBHOOK_VARIABLE = /^AWS_(?:CONTAINER_|ROLE_ARN$|WEB_IDENTITY_TOKEN_FILE$)/;
const MOUNTS = '/var/run/secrets/';

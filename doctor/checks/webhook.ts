import { counted } from '../../foundation/node/text.ts';
import { roleAnnotation } from '../facts/irsa.ts';
import { hasStaleCa, isWebhookMissing, uninjectedPods } from '../facts/missing-injection.ts';
import { excludingSelector, identityWebhooks } from '../facts/webhooks.ts';
import { defineCheck, podCase, podNames } from './cases.ts';
import { kubectl } from './commands.ts';

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
    const pods = podNames(uninjectedPods(facts).map(({ pod }) => pod));
    for (const webhook of identityWebhooks(facts).filter((one) => hasStaleCa(facts, one))) {
      const object = { kind: 'MutatingWebhookConfiguration', name: webhook.configuration };
      const text = `The caBundle of webhook ${webhook.name} lacks the newest certificate authority of cluster ${facts.name}.`;
      const { mutatingWebhooks = [] } = facts.snapshot.kubernetes;
      const index = mutatingWebhooks.filter((one) => one.configuration === webhook.configuration).indexOf(webhook);
      const value = facts.snapshot.aws?.cluster?.certificateAuthority;
      const patch = [{ op: 'replace', path: `/webhooks/${index}/clientConfig/caBundle`, value }];
      const command = `patch ${object.kind.toLowerCase()} ${object.name} --type=json -p`;
      const repair = kubectl(facts, undefined, command, JSON.stringify(patch));
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
    const [webhook] = identityWebhooks(facts);
    for (const { pod } of uninjectedPods(facts)) {
      const selector = excludingSelector(facts, pod);
      if (webhook === undefined || selector === undefined) continue;
      const labels = selector === 'namespaceSelector' ? `namespace ${pod.metadata.namespace}` : 'its pods';
      yield podCase(
        pod,
        `The ${selector} of MutatingWebhookConfiguration ${webhook.configuration} excludes ${labels}.`,
      );
    }
  },
});

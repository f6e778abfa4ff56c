/** When the webhook changes pods: only at their creation, regardless of the creator. */
import type { V1Pod, V1PodList } from '@kubernetes/client-node';
import { expect } from 'chai';
import { admitPod, check, createAssociation, irsaRole, podIdentityRole, succeeds, suite } from '../../harness/index.ts';

const PODS = '/api/v1/namespaces/<namespace:app>/pods';
/** A specification of pods that never start. */
const waiting = (serviceAccountName: string) => ({
  serviceAccountName,
  schedulingGates: [{ name: 'example.com/never' }],
  containers: [{ name: 'app', image: 'example.com/app:1' }],
});

suite('webhook', ({ scenario }) => {
  scenario('WH-36', 'the webhook does not change an existing pod, even when the pod is updated', {
    source:
      'amazon-eks-pod-identity-webhook, deploy/mutatingwebhook.yaml: operations CREATE; Amazon EKS User Guide, "Assign an IAM role to a Kubernetes service account": recreate the pods',
    roles: { app: podIdentityRole() },
    workloads: { app: {} },
    probes: [
      check('a pod is created, and waits for a gate', async ({ kubernetes, name }) => {
        const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'waits' }, spec: waiting('app') };
        const { status } = await kubernetes({ method: 'POST', path: name(PODS), body });
        expect(status).to.be.oneOf([201, 409]);
      }),
      createAssociation('app', 'app'),
      succeeds(admitPod('app'), { injected: 'pod-identity' }),
      check('the pod is updated, and gets no settings', async ({ kubernetes, name }) => {
        const answer = await kubernetes({
          method: 'PATCH',
          path: name(`${PODS}/waits`),
          body: { metadata: { labels: { team: 'payments' } } },
          headers: { 'content-type': 'application/merge-patch+json' },
        });
        expect(answer.status).to.equal(200);
        const { metadata, spec } = JSON.parse(answer.body) as V1Pod;
        expect(metadata?.labels).to.deep.equal({ team: 'payments' });
        expect(spec?.containers[0]?.env ?? []).to.deep.equal([]);
      }),
    ],
  });

  scenario('WH-37', 'the webhook changes pods of a Deployment or a Job like any other', {
    source:
      'Kubernetes documentation, "Dynamic Admission Control": admission applies to all requests; Amazon EKS User Guide, "Configure Pods to use a Kubernetes service account"',
    roles: { pi: podIdentityRole(), web: irsaRole('app/web') },
    workloads: { pi: { serviceAccount: 'pi', role: 'pi' }, web: { serviceAccount: 'web', irsa: 'web' } },
    probes: [
      succeeds(admitPod('pi'), { injected: 'pod-identity' }),
      succeeds(admitPod('web'), { injected: 'irsa' }),
      check('the pods have the settings', async ({ kubernetes, name, eventually }) => {
        for (const [group, resource, kind, account, variable] of [
          ['apps', 'deployments', 'Deployment', 'pi', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'],
          ['batch', 'jobs', 'Job', 'web', 'AWS_ROLE_ARN'],
        ] as const) {
          const labels = { 'made-by': resource };
          const annotations = { 'eks.amazonaws.com/token-expiration': '7200' };
          const template = { metadata: { labels, annotations }, spec: waiting(account) };
          const spec =
            kind === 'Job'
              ? { template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } }
              : { selector: { matchLabels: labels }, template };
          const path = name(`/apis/${group}/v1/namespaces/<namespace:app>/${resource}`);
          const body = { apiVersion: `${group}/v1`, kind, metadata: { name: 'makes' }, spec };
          expect((await kubernetes({ method: 'POST', path, body })).status).to.be.oneOf([201, 409]);
          const look = async () => {
            const { body: list } = await kubernetes({ path: name(`${PODS}?labelSelector=made-by=${resource}`) });
            return (JSON.parse(list) as V1PodList).items;
          };
          const [pod] = await eventually(look, (pods) => pods.length > 0);
          if (pod === undefined) throw new Error(`Timed out: the ${kind} has created no pod.`);
          expect(pod.metadata?.labels, kind).to.include(labels);
          expect(pod.metadata?.annotations, kind).to.include(annotations);
          expect(
            pod.spec?.containers[0]?.env?.map((of) => of.name),
            kind,
          ).to.include(variable);
        }
      }),
    ],
  });
});

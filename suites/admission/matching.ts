/** Which requests the API server sends to a webhook, and how it handles the response. */
import { expect } from 'chai';
import { check, podIdentityRole, suite } from '../../harness/index.ts';

const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
const INJECTED = { 'eks.amazonaws.com/pod-identity': 'enabled' };
const RULE = { apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'] };
/** A webhook configuration or a Status, with the HTTP status of the response. */
interface MatchingResponse {
  readonly status: number;
  readonly message?: string;
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly webhooks?: readonly { readonly clientConfig: object }[];
}

suite('admission', ({ scenario }) => {
  scenario('WH-34', 'the API server calls a webhook if the old or the new object matches its rules and selectors', {
    source:
      'Kubernetes documentation, "Dynamic Admission Control", matching requests: rules, objectSelector, namespaceSelector; failure policy; response',
    // Not in a shared cluster, because a webhook configuration is not limited to a namespace.
    needs: ['own-cluster'],
    roles: { app: podIdentityRole() },
    workloads: { app: { role: 'app' }, other: { namespace: 'other' } },
    probes: [
      check('the API server calls matching webhooks only', async ({ eventually, kubernetes, name }) => {
        const here = name('<namespace:app>');
        const request = async (method: string, path: string, body?: object): Promise<MatchingResponse> => {
          const answer = await kubernetes({ method, path, ...(body !== undefined && { body }) });
          return { ...(JSON.parse(answer.body) as MatchingResponse), status: answer.status };
        };
        /** Sends a request for a config map with this label, or without one. */
        const ask = (method: string, mapName: string, asks: string, query = '?dryRun=All', namespace = here) => {
          const path = `/api/v1/namespaces/${namespace}/configmaps${method === 'POST' ? '' : `/${mapName}`}${query}`;
          const metadata = { name: mapName, labels: asks === '' ? {} : { asks } };
          const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
          return request(method, path, method === 'DELETE' ? undefined : map);
        };
        for (const asks of ['updated', 'deleted', 'ignored', 'denied', ''])
          expect(await ask('POST', `with-${asks || 'none'}`, asks, ''), asks).to.include({ status: 201 });
        const { webhooks: [ofPods] = [] } = await request('GET', `${CONFIGURATIONS}/pod-identity-webhook`);
        const configuration = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration' };
        const metadata = { name: `zz-${here}-asks` };
        const ofNamespace = (operator: string) => ({
          key: 'kubernetes.io/metadata.name',
          operator,
          values: ['conformance-none', here],
        });
        const webhooks = Object.entries<{ readonly rule?: object; readonly settings?: object }>({
          created: { rule: { operations: ['CREATE'] } },
          updated: { rule: { operations: ['UPDATE'] } },
          deleted: { rule: { operations: ['DELETE'] } },
          namespaced: { rule: { scope: 'Namespaced', apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] } },
          group: { rule: { apiGroups: ['apps'] } },
          version: { rule: { apiVersions: ['v1beta1'] } },
          resource: { rule: { resources: ['secrets', 'configmaps/status'] } },
          cluster: { rule: { scope: 'Cluster', apiGroups: ['*'], resources: ['*'] } },
          anything: { rule: { resources: ['*/*'] } },
          second: {
            settings: { rules: ['secrets', 'configmaps'].map((resource) => ({ ...RULE, resources: [resource] })) },
          },
          ignored: { settings: { failurePolicy: 'Ignore' } },
          // The API server still calls the webhooks after a failed one.
          ahead: { settings: { failurePolicy: 'Ignore', objectSelector: { matchLabels: { asks: 'within' } } } },
          within: { settings: { namespaceSelector: { matchExpressions: [ofNamespace('In')] } } },
          without: { settings: { namespaceSelector: { matchExpressions: [ofNamespace('NotIn')] } } },
          // Matches the label that the Pod Identity webhook adds, which is called first.
          patched: {
            rule: { resources: ['pods'] },
            settings: { objectSelector: { matchLabels: { ...INJECTED, asks: 'patched' } } },
          },
          // A failed webhook does not undo the patches of earlier ones.
          passed: { rule: { resources: ['pods'] }, settings: { failurePolicy: 'Ignore' } },
          // A resource without subresources, all resources, and a subresource only.
          whole: { rule: { resources: ['namespaces'] }, settings: { objectSelector: {} } },
          every: {
            rule: { resources: ['*'], scope: 'Cluster', operations: ['UPDATE'] },
            settings: { objectSelector: {} },
          },
          part: { rule: { resources: ['namespaces/status'] }, settings: { objectSelector: {} } },
          // The Pod Identity webhook denies a review without an object. The API server skips unknown review versions.
          denied: {
            settings: {
              failurePolicy: 'Ignore',
              clientConfig: ofPods?.clientConfig,
              admissionReviewVersions: ['v2', 'v1', 'v1beta1'],
            },
          },
        }).map(([asks, { rule, settings }]) => ({
          name: `${asks}.conformance.example.com`,
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          // Nothing listens on this port, so a call of the webhook shows as a failure.
          clientConfig: { url: 'https://127.0.0.1:1/' },
          timeoutSeconds: 5,
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': here } },
          objectSelector: { matchLabels: { asks } },
          rules: [{ ...RULE, ...rule }],
          ...settings,
        }));
        const configured = await request('POST', CONFIGURATIONS, { ...configuration, metadata, webhooks });
        expect(configured).to.include({ status: 201 });
        try {
          // The API server loads the configuration with a delay; one of these two requests shows when it has.
          const isKnown = async (): Promise<boolean> =>
            (await ask('POST', 'new', 'created')).status !== 201 ||
            (await ask('DELETE', 'with-denied', '')).status !== 200;
          if (!(await eventually(isKnown, Boolean)))
            throw new Error('Timed out after 30 s: the API server called no webhook of the new configuration.');
          for (const [method, mapName, asks, by = 'nobody', status = 500] of [
            ['POST', 'new', 'created', 'created'],
            ['POST', 'new', 'namespaced', 'namespaced'],
            ['POST', 'new', 'within', 'within'],
            ['POST', 'new', 'anything', 'anything'],
            ['POST', 'new', 'second', 'second'],
            ...['without', 'updated', 'deleted', 'group', 'version', 'resource', 'cluster', 'ignored', ''].map(
              (asks) => ['POST', 'new', asks] as const,
            ),
            ['PUT', 'with-updated', 'updated', 'updated'],
            // Either the old or the new object may match.
            ['PUT', 'with-updated', '', 'updated'],
            ['PUT', 'with-none', 'updated', 'updated'],
            ['PUT', 'with-none', ''],
            ['PUT', 'with-ignored', 'ignored'],
            ['DELETE', 'with-deleted', '', 'deleted'],
            ['DELETE', 'with-none', ''],
            // A denial is not a failure, so failurePolicy does not apply.
            ['DELETE', 'with-denied', '', 'denied', 400],
          ] as const) {
            const answer = await ask(method, mapName, asks);
            const what = `${method} ${mapName}, label ${asks || 'none'}`;
            if (by === 'nobody') expect(answer.status, what).to.be.below(300);
            else {
              expect(answer, what).to.include({ status });
              expect(answer.message, what).to.contain(`webhook "${by}.conformance.example.com"`);
            }
            // The error contains the webhook's message.
            if (by === 'denied')
              expect(answer.message, what).to.contain('denied the request: unexpected end of JSON input');
          }
          const { metadata: { labels } = {} } = await request('GET', `/api/v1/namespaces/${here}`);
          const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: here, labels } };
          for (const [part, by] of Object.entries({ '': 'whole', '/status': 'part' })) {
            const answer = await request('PUT', `/api/v1/namespaces/${here}${part}?dryRun=All`, namespace);
            expect(answer, `PUT namespace${part}`).to.include({ status: 500 });
            expect(answer.message, `PUT namespace${part}`).to.contain(`webhook "${by}.conformance.example.com"`);
          }
          for (const [asks, status] of Object.entries({ created: 201, within: 201, without: 500 })) {
            const elsewhere = await ask('POST', 'new', asks, '?dryRun=All', name('<namespace:other>'));
            expect(elsewhere, `POST in another namespace, label ${asks}`).to.include({ status });
          }
          // A namespaceSelector does not exclude cluster-scoped objects, except namespaces.
          for (const [path, kind, status] of [
            ['/apis/rbac.authorization.k8s.io/v1/clusterroles', 'ClusterRole', 500],
            ['/api/v1/namespaces', 'Namespace', 201],
            // Webhook configurations are exempt from webhooks, so that they can always be deleted.
            [CONFIGURATIONS, 'MutatingWebhookConfiguration', 201],
          ] as const) {
            const apiVersion = path.replace(/^\/apis?\/|\/[a-z]*$/g, '');
            const body = { apiVersion, kind, metadata: { name: `${here}-new`, labels: { asks: 'cluster' } } };
            expect(await request('POST', `${path}?dryRun=All`, body), `a new ${kind}`).to.include({ status });
          }
          for (const [asks, serviceAccountName, status] of [
            ['patched', 'app', 500],
            ['patched', 'default', 201],
            ['passed', 'app', 201],
          ] as const) {
            const containers = [{ name: 'app', image: 'example.com/app:1' }];
            const made = await request('POST', `/api/v1/namespaces/${here}/pods?dryRun=All`, {
              apiVersion: 'v1',
              kind: 'Pod',
              metadata: { name: 'new', labels: { asks } },
              spec: { serviceAccountName, containers },
            });
            expect(made, `a pod with service account ${serviceAccountName}, label ${asks}`).to.include({ status });
            if (asks === 'passed')
              expect(made.metadata?.labels, `a pod with label ${asks}`).to.include({ asks, ...INJECTED });
          }
        } finally {
          await request('DELETE', `${CONFIGURATIONS}/${metadata.name}`);
        }
      }),
    ],
  });
});

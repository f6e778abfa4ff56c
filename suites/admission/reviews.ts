/** What the API server sends to a webhook, which responses it accepts, and how it treats an added container. */
import { expect } from 'chai';
import { check, granted, readFile, suite } from '../../harness/index.ts';
import { asker, logOf, podOf, statusOf } from '../lib/programs.ts';

const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
const TLS = 'conformance-tls';
const SECONDS = 7;
const SIDE = { name: 'added', image: 'example.com/side:1', resources: { limits: { cpu: '1', memory: '1Mi' } } };
/** A webhook whose path selects the response. Path `tells` denies, with the content of the review as the message. */
const ANSWERS = `
const { CERTIFICATE: cert, KEY: key, ADDRESS: address } = process.env;
const patch = (op, path, value) =>
  ({ patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify([{ op, path, value }])).toString('base64') });
const responseOf = (how, timeout, { uid, object, oldObject, userInfo, ...told }) => {
  const adds = { uid, allowed: true, ...patch('add', '/data', { added: 'yes' }) };
  const data = [object, oldObject].map((one) => one && one.data);
  const { username, groups } = userInfo || {};
  return {
    tells: { uid, allowed: false, status: { message: JSON.stringify({ ...told, timeout, username, groups, data }) } },
    uid: { ...adds, uid: 'another' },
    merges: { ...adds, patchType: 'MergePatch' },
    untyped: { ...adds, patchType: undefined },
    broken: { ...adds, ...patch('test', '/data/own', 'none') },
    late: { ...adds, ...patch('add', '/data/late', 'yes') },
    again: object && object.data && object.data.late ? adds : { uid, allowed: true },
    container: { ...adds, ...patch('add', '/spec/containers/-', ${JSON.stringify(SIDE)}) },
  }[how] || adds;
};
const server = require('https').createServer({ cert, key }, (asked, answer) => {
  const parts = [];
  asked.on('data', (part) => parts.push(part));
  asked.on('end', () => {
    const { kind, apiVersion, request } = JSON.parse(Buffer.concat(parts).toString());
    const { pathname, searchParams } = new URL(asked.url, 'https://any');
    const how = pathname.slice(1);
    answer.writeHead({ created: 201, failing: 500 }[how] || 200, { 'content-type': 'application/json' });
    answer.end(JSON.stringify({ kind, apiVersion, response: responseOf(how, searchParams.get('timeout'), request) }));
  });
});
server.listen(0, address, () => console.log('port ' + server.address().port + ' '));`;
interface ReviewResponse {
  readonly status: number;
  readonly message?: string;
  readonly data?: Readonly<Record<string, string>>;
}
interface AnsweredPod {
  readonly spec: { readonly containers: readonly Readonly<Record<string, unknown>>[] };
  readonly status: { readonly qosClass: string };
}

suite('admission', ({ scenario }) => {
  scenario('WH-38', 'a webhook receives user and object, and only a valid review counts as its response', {
    source:
      'Kubernetes documentation, "Dynamic Admission Control": webhook request and response, timeouts, failure policy, reinvocation policy; "Pod Quality of Service Classes"',
    // Not in a shared cluster, because a webhook configuration is not limited to a namespace.
    needs: ['own-cluster'],
    workloads: { app: {} },
    probes: [
      granted('app', readFile('/etc/hostname')),
      check('a webhook in a pod is called', async (context) => {
        const { eventually, kubernetes, name } = context;
        const { newCertificateAuthority } = await import('../../foundation/node/certificates.ts');
        const here = name('<namespace:app>');
        const user = { 'Impersonate-User': 'somebody', 'Impersonate-Group': 'system:masters' };
        const request = async (method: string, path: string, body?: object, headers = {}): Promise<ReviewResponse> => {
          const answer = await kubernetes({ method, path, headers, ...(body !== undefined && { body }) });
          return { ...(JSON.parse(answer.body) as ReviewResponse), status: answer.status };
        };
        const maps = `/api/v1/namespaces/${here}/configmaps`;
        const map = (mapName: string, asks: string, data: object) => ({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: mapName, labels: { asks } },
          data,
        });
        const ask = (asks: string): Promise<ReviewResponse> =>
          request('POST', `${maps}?dryRun=All`, map('conformance-new', asks, { own: 'x' }));

        // The pod starts once the certificate for its address exists.
        const ofSecret = (key: string) => ({ valueFrom: { secretKeyRef: { name: TLS, key } } });
        const env = [
          ...['CERTIFICATE', 'KEY'].map((variable) => ({ name: variable, ...ofSecret(variable) })),
          { name: 'ADDRESS', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        ];
        await asker(context)('POST', 'pods', await podOf(context, 'answers', ANSWERS, { env }));
        const look = async () => (await asker(context)('GET', 'pods/answers')).status.podIP;
        const address = await eventually(look, (seen) => seen !== undefined);
        if (address === undefined) throw new Error('Timed out: pod answers has no address.');
        const authority = await newCertificateAuthority();
        const { certificate, key } = await authority.issue([address]);
        const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: TLS } };
        await asker(context)('POST', 'secrets', { ...secret, stringData: { CERTIFICATE: certificate, KEY: key } });
        await statusOf(context, 'answers', 'started', ({ phase }) => phase !== 'Pending');
        const portIn = (log: string) => /port (\d+) /.exec(log)?.[1];
        const log = await eventually(
          () => logOf(context, 'answers'),
          (seen) => portIn(seen) !== undefined,
        );
        const port = portIn(log);
        if (port === undefined) throw new Error(`Timed out: pod answers does not listen: ${log}`);

        const known = map('conformance-known', 'tells', { own: 'before' });
        expect(await request('POST', maps, known)).to.include({ status: 201 });
        const metadata = { name: `zz-${here}-answers` };
        const host = address.includes(':') ? `[${address}]` : address;
        const caBundle = Buffer.from(authority.certificate).toString('base64');
        const webhooks = Object.entries<{ readonly how?: string; readonly settings?: object }>({
          adds: {},
          tells: {},
          created: {},
          failing: {},
          uid: {},
          merges: {},
          untyped: {},
          container: {},
          again: { settings: { reinvocationPolicy: 'IfNeeded' } },
          late: { settings: { objectSelector: { matchLabels: { asks: 'again' } } } },
          'uid-ignored': { how: 'uid', settings: { failurePolicy: 'Ignore' } },
          'broken-ignored': { how: 'broken', settings: { failurePolicy: 'Ignore' } },
          'uid-beta': { how: 'uid', settings: { admissionReviewVersions: ['v1beta1'] } },
        }).map(([asks, { how = asks, settings }]) => ({
          name: `${asks}.conformance.example.com`,
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          clientConfig: { url: `https://${host}:${port}/${how}`, caBundle },
          timeoutSeconds: SECONDS,
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': here } },
          objectSelector: { matchLabels: { asks } },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps', 'pods'] }],
          ...settings,
        }));
        const configuration = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration' };
        const made = await request('POST', CONFIGURATIONS, { ...configuration, metadata, webhooks });
        expect(made).to.include({ status: 201 });
        try {
          // The API server loads the configuration with a delay.
          const first = await eventually(
            () => ask('adds'),
            ({ status, data }) => status === 201 && 'added' in (data ?? {}),
          );
          expect(first, 'data added by a valid response').to.deep.include({ status: 201, data: { added: 'yes' } });
          for (const [asks, status, message] of [
            ['created', 201],
            ['failing', 500, 'failed calling webhook "failing.conformance.example.com"'],
            ['uid', 500, 'expected response.uid'],
            ['uid-ignored', 201],
            ['uid-beta', 201],
            ['merges', 500, 'patch'],
            ['untyped', 500, 'patchType'],
            // A patch that cannot be applied is not a failed call, so failurePolicy does not apply.
            ['broken-ignored', 500],
          ] as const) {
            const answer = await ask(asks);
            expect(answer, asks).to.include({ status });
            if (message !== undefined) expect(answer.message, asks).to.contain(message);
            const data = asks === 'uid-ignored' ? { own: 'x' } : { added: 'yes' };
            if (status === 201) expect(answer.data, asks).to.deep.equal(data);
          }
          // The API server calls the first webhook again, because the second one changed the object.
          expect((await ask('again')).data, 'again').to.deep.equal({ added: 'yes' });
          const [before, after] = [{ own: 'before' }, { own: 'after' }];
          for (const [method, mapName, query, operation, ...data] of [
            ['POST', 'conformance-new', '?dryRun=All', 'CREATE', after, null],
            ['PUT', 'conformance-known', '', 'UPDATE', after, before],
            ['DELETE', 'conformance-known', '', 'DELETE', null, before],
          ] as const) {
            const path = `${maps}${method === 'POST' ? '' : `/${mapName}`}${query}`;
            const body = method === 'DELETE' ? undefined : map(mapName, 'tells', after);
            const { status, message = '' } = await request(method, path, body, user);
            expect(status, `${method}: ${message}`).to.equal(400);
            const review = JSON.parse(message.slice(message.indexOf('{'))) as Readonly<Record<string, unknown>>;
            expect(review, method).to.deep.include({
              operation,
              name: mapName,
              namespace: here,
              dryRun: query !== '',
              username: 'somebody',
              data,
              kind: { group: '', version: 'v1', kind: 'ConfigMap' },
              resource: { group: '', version: 'v1', resource: 'configmaps' },
            });
            expect(review['groups'], method).to.have.members(['system:masters', 'system:authenticated']);
            const kind = `${operation[0] ?? ''}${operation.slice(1).toLowerCase()}Options`;
            expect(review['options'], method).to.include({ kind });
            // The remaining time.
            expect(review['timeout'], method).to.match(new RegExp(`^[1-${SECONDS}]s$`));
          }
          const containers = [{ name: 'app', image: 'example.com/app:1' }];
          const pod = { apiVersion: 'v1', kind: 'Pod', spec: { serviceAccountName: 'app', containers } };
          for (const [asks, qosClass] of Object.entries({ nobody: 'BestEffort', container: 'Burstable' })) {
            const metadata = { name: 'conformance-new', labels: { asks } };
            const path = `/api/v1/namespaces/${here}/pods?dryRun=All`;
            const answer = await kubernetes({ method: 'POST', path, body: { ...pod, metadata } });
            expect(answer, asks).to.include({ status: 201 });
            const { spec, status } = JSON.parse(answer.body) as AnsweredPod;
            expect(status.qosClass, `quality of service, label ${asks}`).to.equal(qosClass);
            const [own, added] = spec.containers;
            if (asks === 'nobody') expect(added, `second container, label ${asks}`).to.equal(undefined);
            else {
              const { terminationMessagePath, volumeMounts } = own ?? {};
              expect(volumeMounts, 'volume mounts for API access').to.have.length(1);
              expect(added, `second container, label ${asks}`).to.deep.include({
                imagePullPolicy: 'IfNotPresent',
                terminationMessagePath,
                volumeMounts,
              });
            }
          }
        } finally {
          await request('DELETE', `${CONFIGURATIONS}/${metadata.name}`);
        }
      }),
    ],
  });
});

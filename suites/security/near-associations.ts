/** Associations whose service account, namespace, cluster or id nearly equals the one of a request. */
import { EKS } from '@aws-sdk/client-eks';
import { check, podIdentityRole, suite, type CheckContext } from '../../harness/index.ts';
import { assumeForPod } from '../lib/eks-auth.ts';
import { codeOf } from '../lib/errors.ts';
import { NO_ASSOCIATION } from '../lib/outcomes.ts';
import { judge, nearForms, type Row } from '../lib/rows.ts';
import { CREATE_ASSOCIATION, EKS_API, EKS_AUTH } from '../lib/sources.ts';
import { IMAGE, POD_IDENTITY } from '../lib/worlds.ts';

const NAME = 'near-app';
/** Near forms that are valid names in Kubernetes. */
const ACCOUNTS = Object.entries(nearForms(NAME)).filter(([, text]) => /^[a-z0-9][-a-z0-9]*$/.test(text));
/** EKS does not document which names it finds missing, and which malformed. */
const NOT_FOUND = ['ResourceNotFound', 'NotFound', 'InvalidParameter', 'InvalidRequest', 'BadRequest'];
const NO_CLUSTER = [...NOT_FOUND, 'AccessDenied'].map((code) => `${code}Exception`);

/** Returns a Pod Identity token of a new service account, for a pod that never runs. */
async function tokenOf({ kubernetes, name }: CheckContext, account: string): Promise<string> {
  const post = async (kind: string, body: object) => {
    const path = name(`/api/v1/namespaces/<namespace:app>/${kind}`);
    return (await kubernetes({ method: 'POST', path, body })).body;
  };
  const metadata = { name: account };
  await post('serviceaccounts', { metadata });
  const containers = [{ name: 'app', image: IMAGE }];
  await post('pods', { metadata, spec: { serviceAccountName: account, nodeSelector: { none: 'none' }, containers } });
  const spec = { audiences: [POD_IDENTITY], boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: account } };
  const made = await post(`serviceaccounts/${account}/token`, { spec });
  return (JSON.parse(made) as { readonly status: { readonly token: string } }).status.token;
}

suite('security', ({ scenario }) => {
  scenario('SEC-31', 'EKS and EKS Auth compare service accounts, clusters and association ids exactly', {
    source: `${EKS_AUTH}; ${CREATE_ASSOCIATION}; ${EKS_API} ListPodIdentityAssociations, DescribePodIdentityAssociation and ListTagsForResource`,
    needs: ['call-record', 'own-cluster'],
    roles: { app: podIdentityRole() },
    workloads: { app: {} },
    probes: [
      check('near names find no association', async (context) => {
        const { aws, name } = context;
        const eks = new EKS(await aws('eks'));
        const [clusterName, namespace] = [name('<cluster:c1>'), name('<namespace:app>')];
        const at = { clusterName, namespace, roleArn: name('<role:app>') };
        const { association } = await eks.createPodIdentityAssociation({ ...at, serviceAccount: NAME });
        const { associationId = '', associationArn = '' } = association ?? {};
        const describe = (key: object) => () =>
          codeOf(eks.describePodIdentityAssociation({ clusterName, associationId, ...key }));
        const tags = (part: string | RegExp, text: string) => () =>
          codeOf(eks.listTagsForResource({ resourceArn: associationArn.replace(part, () => text) }));
        const count = (filter: object) => async () => {
          const list = eks.listPodIdentityAssociations({ clusterName, namespace, serviceAccount: NAME, ...filter });
          const code = await codeOf(list);
          return code === 'none' ? String((await list).associations?.length) : code;
        };
        const exact = await tokenOf(context, NAME);
        const none = ['0', ...NOT_FOUND];
        const rows: Row[] = [
          ['the service account', 'none', () => assumeForPod(context, exact)],
          ['the id', 'none', describe({})],
          ['the ARN', 'none', tags('', '')],
          ['the filters', '1', count({})],
        ];
        const add = (
          what: string,
          text: string,
          expected: Row[1],
          ask: (near: string) => () => Promise<string>,
        ): void => {
          for (const [form, near] of Object.entries(nearForms(text)))
            rows.push([`${what} ${form}`, expected, ask(near)]);
        };
        add('an id', associationId, NOT_FOUND, (near) => describe({ associationId: near }));
        add('an ARN with the id', associationId, NOT_FOUND, (near) => tags(associationId, near));
        add('a cluster', clusterName, NOT_FOUND, (near) => describe({ clusterName: near }));
        add('an ARN with the cluster', clusterName, NOT_FOUND, (near) => tags(`/${clusterName}/`, `/${near}/`));
        add('an ARN with the account', name('<account:main>'), NOT_FOUND, (near) => tags(/\d{12}/, near));
        add('a service account as filter', NAME, none, (near) => count({ serviceAccount: near }));
        add('a namespace as filter', namespace, none, (near) => count({ namespace: near }));
        add(
          'EKS Auth: a cluster',
          clusterName,
          NO_CLUSTER,
          (near) => () => assumeForPod(context, exact, { clusterName: near }),
        );
        const effective: Row[] = [];
        for (const [form, account] of ACCOUNTS) {
          const token = await tokenOf(context, account);
          rows.push([`EKS Auth: a service account ${form}`, NO_ASSOCIATION.code, () => assumeForPod(context, token)]);
          effective.push([
            `a service account ${form}, with its association`,
            'none',
            () => assumeForPod(context, token),
          ]);
        }
        await judge(rows);
        for (const [, serviceAccount] of ACCOUNTS) await eks.createPodIdentityAssociation({ ...at, serviceAccount });
        await eks.deletePodIdentityAssociation({ clusterName, associationId });
        const left = () => assumeForPod(context, exact);
        await judge(effective);
        await judge([['the service account, with associations of near names only', NO_ASSOCIATION.code, left]]);
      }),
    ],
  });
});

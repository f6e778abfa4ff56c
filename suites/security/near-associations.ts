/** Associations whose service account, namespace, cluster or id nearly equals the one of a request. */
import { EKS } from '@aws-sdk/client-eks';
import { check, podIdentityRole, suite, type CheckContext } from '../../harness/index.ts';
import { assumeForPod } from '../lib/eks-auth.ts';
import { codeOf } from '../lib/errors.ts';
import { NO_ASSOCIATION } from '../lib/outcomes.ts';
import { judge, nearForms, type Row } from '../lib/rows.ts';
import { CREATE_ASSOCIATION, EKS_API, EKS_AUTH } from '../lib/sources.ts';
import { IMAGE, POD_IDENTITY } from '../lib/worlds.ts';

/** A name that is valid in Kubernetes, as are most of its near forms. */
const NAME = 'near-app';
const IS_VALID = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const KUBERNETES_NAMES = Object.entries(nearForms(NAME)).filter(([, text]) => IS_VALID.test(text));
/** EKS does not document which names it finds missing, and which malformed. */
const NOT_FOUND = ['ResourceNotFound', 'NotFound', 'InvalidParameter', 'InvalidRequest', 'BadRequest'];
const UNKNOWN_CLUSTER = [...NOT_FOUND, 'AccessDenied'].map((code) => `${code}Exception`);

/** Returns a Pod Identity token of a new service account, for a pod that never runs. */
async function tokenOf({ kubernetes, name }: CheckContext, account: string): Promise<string> {
  const path = name('/api/v1/namespaces/<namespace:app>');
  const post = async (kind: string, body: object) =>
    JSON.parse((await kubernetes({ method: 'POST', path: `${path}/${kind}`, body })).body) as {
      readonly status: { readonly token: string };
    };
  await post('serviceaccounts', { metadata: { name: account } });
  const spec = {
    serviceAccountName: account,
    nodeSelector: { none: 'none' },
    containers: [{ name: 'app', image: IMAGE }],
  };
  await post('pods', { metadata: { name: account }, spec });
  const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name: account };
  const request = { audiences: [POD_IDENTITY], boundObjectRef };
  return (await post(`serviceaccounts/${account}/token`, { spec: request })).status.token;
}

suite('security', ({ scenario }) => {
  scenario('SEC-31', 'EKS and EKS Auth compare service accounts, namespaces, clusters and ids exactly', {
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
        const tags = (resourceArn: string) => () => codeOf(eks.listTagsForResource({ resourceArn }));
        const found = (filter: object) => async () => {
          const list = eks.listPodIdentityAssociations({ clusterName, namespace, serviceAccount: NAME, ...filter });
          const code = await codeOf(list);
          return code === 'none' ? String((await list).associations?.length) : code;
        };
        const exact = await tokenOf(context, NAME);
        const rows: Row[] = [
          ['the service account', 'none', () => assumeForPod(context, exact)],
          ['the id', 'none', describe({})],
          ['the ARN', 'none', tags(associationArn)],
          ['the filters', '1', found({})],
        ];
        const none = ['0', ...NOT_FOUND];
        for (const [form, text] of Object.entries(nearForms(associationId)))
          rows.push(
            [`an id ${form}`, NOT_FOUND, describe({ associationId: text })],
            [`an ARN with the id ${form}`, NOT_FOUND, tags(associationArn.replace(associationId, () => text))],
          );
        for (const [form, text] of Object.entries(nearForms(clusterName)))
          rows.push(
            [`a cluster ${form}`, NOT_FOUND, describe({ clusterName: text })],
            [
              `an ARN with the cluster ${form}`,
              NOT_FOUND,
              tags(associationArn.replace(`/${clusterName}/`, () => `/${text}/`)),
            ],
            [`EKS Auth: a cluster ${form}`, UNKNOWN_CLUSTER, () => assumeForPod(context, exact, { clusterName: text })],
          );
        for (const [form, text] of Object.entries(nearForms(NAME)))
          rows.push([`a service account ${form} as filter`, none, found({ serviceAccount: text })]);
        for (const [form, text] of Object.entries(nearForms(namespace)))
          rows.push([`a namespace ${form} as filter`, none, found({ namespace: text })]);
        for (const [form, text] of Object.entries(nearForms(name('<account:main>'))))
          rows.push([`an ARN with the account ${form}`, NOT_FOUND, tags(associationArn.replace(/\d{12}/, () => text))]);
        for (const [form, account] of KUBERNETES_NAMES) {
          const token = await tokenOf(context, account);
          rows.push([`EKS Auth: a service account ${form}`, NO_ASSOCIATION.code, () => assumeForPod(context, token)]);
        }
        await judge(rows);
        for (const [, serviceAccount] of KUBERNETES_NAMES)
          await eks.createPodIdentityAssociation({ ...at, serviceAccount });
        await eks.deletePodIdentityAssociation({ clusterName, associationId });
        const left = () => assumeForPod(context, exact);
        await judge([['the service account, with associations of near names only', NO_ASSOCIATION.code, left]]);
      }),
    ],
  });
});

/** Pods that are created together with their service account, whose association the webhook already has. */
import {
  check,
  createAssociationFor,
  irsaRole,
  podIdentityRole,
  succeeds,
  suite,
  type CheckContext,
} from '../../harness/index.ts';
import { judge, type Row } from '../lib/rows.ts';
import { WEBHOOK_HANDLER } from '../lib/sources.ts';
import { admitted } from './lib/admitted.ts';
import { CREDENTIALS_URI } from './lib/settings.ts';

const PATH = '/api/v1/namespaces/<namespace:app>/serviceaccounts';
const ANNOTATION = 'eks.amazonaws.com/role-arn';
const ACCOUNTS = ['plain', 'annotated', 'recreated', 'losing', 'last'] as const;

async function write({ kubernetes, name }: CheckContext, account: string, annotations: object): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account, annotations } };
  await kubernetes({ method: 'POST', path: name(PATH), body });
}

/** Returns the mechanisms in a pod's variables: `pod-identity`, `irsa`, both, or an empty text. */
async function mechanismsFor(context: CheckContext, account: string): Promise<string> {
  const env = (await admitted(context, account)).spec?.containers[0]?.env ?? [];
  const has = (wanted: string) => env.some(({ name }) => name === wanted);
  return [has(CREDENTIALS_URI) && 'pod-identity', has('AWS_ROLE_ARN') && 'irsa'].filter(Boolean).join();
}

suite('webhook', ({ scenario }) => {
  scenario('WH-45', 'a pod uses its association although its service account is as new as the pod', {
    keywords: ['late cache', 'race'],
    source: `${WEBHOOK_HANDLER}: container credentials are looked up by name, before the service account; webhook issues 174 and 264`,
    needs: ['pod-identity'],
    roles: { app: podIdentityRole(), web: irsaRole('app/annotated') },
    workloads: { app: {} },
    probes: [
      ...ACCOUNTS.map((account) =>
        succeeds(createAssociationFor(`app/${account}`, { role: 'app' }, { name: account })),
      ),
      check('at once, and after a deletion', async (context) => {
        const { eventually, kubernetes, name } = context;
        const annotations = { [ANNOTATION]: name('<role:web>') };
        const remove = (account: string) => kubernetes({ method: 'DELETE', path: `${name(PATH)}/${account}` });
        // The webhook gets all associations together.
        await write(context, 'last', {});
        await eventually(
          () => mechanismsFor(context, 'last'),
          (mechanisms) => mechanisms !== '',
        );
        const first = (account: string, given: object) => async () => {
          await write(context, account, given);
          return mechanismsFor(context, account);
        };
        const again = (account: string, before: object, after: object) => async () => {
          await write(context, account, before);
          await remove(account);
          return first(account, after)();
        };
        const rows: readonly Row[] = [
          ['without an annotation', 'pod-identity', first('plain', {})],
          ['with an annotation', 'pod-identity', first('annotated', annotations)],
          ['recreated with an annotation', 'pod-identity', again('recreated', {}, annotations)],
          ['recreated without its annotation', 'pod-identity', again('losing', annotations, {})],
          ['without an association', '', first('nobody', {})],
          ['without an association, with an annotation', ['', 'irsa'], first('unseen', annotations)],
        ];
        await judge(rows);
      }),
    ],
  });
});

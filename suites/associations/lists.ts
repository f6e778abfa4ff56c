/** Listing associations: filters and pages. */
import {
  CreatePodIdentityAssociationCommand,
  DeletePodIdentityAssociationCommand,
  ListPodIdentityAssociationsCommand,
} from '@aws-sdk/client-eks';
import { expect } from 'chai';
import {
  between,
  check,
  controlSucceeds,
  createAssociationFor,
  fails,
  listAssociations,
  succeeds,
  suite,
} from '../../harness/index.ts';
import { app, BAD_INPUT, eksOf } from './lib/requests.ts';
import { EKS_API } from '../lib/sources.ts';

suite('associations', ({ scenario }) => {
  scenario(
    'PI-39',
    'a list that is asked for without a size has a hundred associations, and tells how to get the next',
    {
      source: 'Amazon EKS API Reference, ListPodIdentityAssociations, maxResults and nextToken',
      // On AWS so many take minutes.
      needs: ['own-cluster', 'call-record'],
      roles: app,
      probes: [
        check('none is left out', async (context) => {
          const { name } = context;
          const eks = await eksOf(context);
          const clusterName = name('<cluster:c1>');
          const at = { clusterName, namespace: name('<namespace:app>') };
          const ids: (string | undefined)[] = [];
          const make = async (_: unknown, number: number) => {
            const request = { ...at, serviceAccount: `app-${number}`, roleArn: name('<role:app>') };
            const { association } = await eks.send(new CreatePodIdentityAssociationCommand(request));
            ids.push(association?.associationId);
          };
          const page = async (nextToken?: string) => {
            const list = new ListPodIdentityAssociationsCommand({ ...at, ...(nextToken && { nextToken }) });
            const { associations = [], nextToken: next } = await eks.send(list);
            return { seen: associations.map(({ associationId }) => associationId), next };
          };
          try {
            await Promise.all(Array.from({ length: 101 }, make));
            const first = await context.eventually(page, ({ seen }) => seen.length === 100);
            expect(first.seen).to.have.lengthOf(100);
            expect(first.next).to.be.a('string');
            const rest = await page(first.next);
            expect([...first.seen, ...rest.seen]).to.have.members(ids);
          } finally {
            const remove = (associationId?: string) =>
              eks.send(new DeletePodIdentityAssociationCommand({ clusterName, associationId }));
            await Promise.all(ids.map(remove));
          }
        }),
        succeeds(listAssociations({ namespace: 'app' }), { count: 0 }),
      ],
    },
  );

  scenario('CP-23', 'a page has 1 to 100 associations', {
    source: `${EKS_API} ListPodIdentityAssociations, maxResults`,
    probes: [
      fails(listAssociations({ maxResults: 0 }), BAD_INPUT),
      fails(listAssociations({ maxResults: 101 }), BAD_INPUT),
      controlSucceeds(listAssociations({ maxResults: 100 })),
    ],
  });

  scenario('PI-27', 'associations are listed by namespace and service account', {
    source: 'Amazon EKS API Reference, ListPodIdentityAssociations',
    roles: app,
    probes: [
      ...['red/pi27-first', 'red/pi27-second', 'red/pi27-third', 'blue/pi27-first'].map((account) =>
        succeeds(createAssociationFor(account, { role: 'app' })),
      ),
      succeeds(listAssociations({ namespace: 'red' }), { count: 3, distinct: 3, pages: 1 }),
      succeeds(listAssociations({ namespace: 'blue' }), { count: 1 }),
      succeeds(listAssociations({ serviceAccount: 'pi27-first' }), { count: 2, distinct: 2 }),
      succeeds(listAssociations({ namespace: 'red', serviceAccount: 'pi27-first' }), { count: 1 }),
      succeeds(listAssociations({ namespace: 'blue', serviceAccount: 'pi27-second' }), { count: 0 }),
      // By the whole name.
      succeeds(listAssociations({ serviceAccount: 'pi27-fir' }), { count: 0 }),
    ],
  });

  scenario('PI-27b', 'associations are listed in pages', {
    source: 'Amazon EKS API Reference, ListPodIdentityAssociations, maxResults and nextToken',
    roles: app,
    probes: [
      ...['red/first', 'red/second', 'red/third'].map((account) =>
        succeeds(createAssociationFor(account, { role: 'app' })),
      ),
      // A last page may be empty, and its nextToken is null: the listing ends.
      succeeds(listAssociations({ namespace: 'red', maxResults: 1 }), { count: 3, distinct: 3, pages: between(3, 4) }),
    ],
  });
});

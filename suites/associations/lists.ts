/** Listing associations: filters and pages. */
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

const made = (...accounts: readonly string[]) =>
  accounts.map((account) => succeeds(createAssociationFor(account, { role: 'app' })));

suite('associations', ({ scenario }) => {
  scenario('PI-39', 'a list without a page size returns 100 associations and a token for the next page', {
    source: 'Amazon EKS API Reference, ListPodIdentityAssociations, maxResults and nextToken',
    // On AWS, 101 associations take minutes.
    needs: ['own-cluster', 'call-record'],
    roles: app,
    probes: [
      check('the pages contain every association', async (context) => {
        const { name } = context;
        const eks = await eksOf(context);
        const clusterName = name('<cluster:c1>');
        const at = { clusterName, namespace: name('<namespace:app>') };
        const ids: (string | undefined)[] = [];
        const make = async (_: unknown, number: number) => {
          const request = { ...at, serviceAccount: `app-${number}`, roleArn: name('<role:app>') };
          const { association } = await eks.createPodIdentityAssociation(request);
          ids.push(association?.associationId);
        };
        const page = async (nextToken?: string) => {
          const asked = { ...at, ...(nextToken && { nextToken }) };
          const { associations = [], nextToken: next } = await eks.listPodIdentityAssociations(asked);
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
          await Promise.all(
            ids.map((associationId) => eks.deletePodIdentityAssociation({ clusterName, associationId })),
          );
        }
      }),
      succeeds(listAssociations({ namespace: 'app' }), { count: 0 }),
    ],
  });

  scenario('CP-23', 'a page size is between 1 and 100 associations', {
    source: `${EKS_API} ListPodIdentityAssociations, maxResults`,
    probes: [
      fails(listAssociations({ maxResults: 0 }), BAD_INPUT),
      fails(listAssociations({ maxResults: 101 }), BAD_INPUT),
      controlSucceeds(listAssociations({ maxResults: 100 })),
    ],
  });

  scenario('PI-27', 'associations can be listed by namespace and service account', {
    source: 'Amazon EKS API Reference, ListPodIdentityAssociations',
    roles: app,
    probes: [
      ...made('red/pi27-first', 'red/pi27-second', 'red/pi27-third', 'blue/pi27-first'),
      succeeds(listAssociations({ namespace: 'red' }), { count: 3, distinct: 3, pages: 1 }),
      succeeds(listAssociations({ namespace: 'blue' }), { count: 1 }),
      succeeds(listAssociations({ serviceAccount: 'pi27-first' }), { count: 2, distinct: 2 }),
      succeeds(listAssociations({ namespace: 'red', serviceAccount: 'pi27-first' }), { count: 1 }),
      succeeds(listAssociations({ namespace: 'blue', serviceAccount: 'pi27-second' }), { count: 0 }),
      // The filter matches only whole names.
      succeeds(listAssociations({ serviceAccount: 'pi27-fir' }), { count: 0 }),
    ],
  });

  scenario('PI-27b', 'a paged listing returns every association once', {
    source: 'Amazon EKS API Reference, ListPodIdentityAssociations, maxResults and nextToken',
    roles: app,
    probes: [
      ...made('red/first', 'red/second', 'red/third'),
      // The last page may be empty; its nextToken is null.
      succeeds(listAssociations({ namespace: 'red', maxResults: 1 }), { count: 3, distinct: 3, pages: between(3, 4) }),
    ],
  });
});

import * as agent from './agent.ts';
import * as annotations from './annotations.ts';
import * as associations from './associations.ts';
import type { Check } from './check.ts';
import * as exposure from './exposure.ts';
import * as irsa from './irsa.ts';
import * as network from './network.ts';
import * as organization from './organization.ts';
import * as permissions from './permissions.ts';
import * as pods from './pods.ts';
import * as trust from './trust.ts';
import * as webhook from './webhook.ts';

/** The checks of each section of the documentation. A module exports checks only. */
const SECTIONS: Readonly<Record<string, readonly Readonly<Record<string, Check>>[]>> = {
  'Cluster and agent': [agent],
  'Webhook and injection': [webhook],
  Associations: [associations],
  'Roles and trust': [trust, permissions, organization],
  Pods: [pods],
  IRSA: [irsa, annotations],
  Network: [network],
  Exposure: [exposure],
};
const byId = (checks: readonly Check[]): readonly Check[] => checks.toSorted((a, b) => a.id.localeCompare(b.id));

export const CHECK_SECTIONS: readonly (readonly [title: string, checks: readonly Check[]])[] = Object.entries(
  SECTIONS,
).map(([title, modules]) => [title, byId(modules.flatMap((module) => Object.values(module)))]);

/** All checks, by id. */
export const CHECKS: readonly Check[] = byId(CHECK_SECTIONS.flatMap(([, checks]) => checks));

import * as agent from './agent.ts';
import * as associations from './associations.ts';
import type { Check } from './check.ts';
import * as exposure from './exposure.ts';
import * as irsa from './irsa.ts';
import * as network from './network.ts';
import * as pods from './pods.ts';
import * as trust from './trust.ts';
import * as webhook from './webhook.ts';

/** All checks, by id. */
export const CHECKS: readonly Check[] = [agent, webhook, associations, trust, pods, irsa, network, exposure]
  .flatMap((group) => Object.values<Check>(group))
  .toSorted((a, b) => a.id.localeCompare(b.id));

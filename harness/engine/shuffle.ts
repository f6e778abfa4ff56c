import { seededOrder } from '../../foundation/node/seeded-order.ts';
import type { Scenario } from '../scenario/spec.ts';

export const shuffle = (scenarios: readonly Scenario[], seed: string): readonly Scenario[] =>
  seed === 'reverse' ? scenarios.toReversed() : seededOrder(scenarios, seed, ({ id }) => id);

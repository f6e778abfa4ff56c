import { seededOrder } from '../../foundation/node/seeded-order.ts';
import type { Scenario } from '../scenario/spec.ts';

/** Scenarios in the order that a seed gives, the same for the same seed; `reverse` turns the declared order round. */
export const shuffle = (scenarios: readonly Scenario[], seed: string): readonly Scenario[] =>
  seed === 'reverse' ? scenarios.toReversed() : seededOrder(scenarios, seed, ({ id }) => id);

import { anyNumber } from '../../harness/scenario/form.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { defineHarnessOperation } from '../../harness/scenario/operation-registry.ts';
import type { ScenarioContext } from '../../harness/scenario/scenario-context.ts';

type Act = (context: ScenarioContext) => ProbeResult | Promise<ProbeResult>;
const acts: Act[] = [];

const run = defineHarnessOperation('Act', (number: number) => ({ number }), {
  form: { number: anyNumber },
  withoutKubernetes: true,
  standsAlone: true,
  describe: () => [],
  perform: async (context, { number }) => (acts[number] as Act)(context),
});

/** Returns a scenario operation that calls a function of the test, without cluster or AWS. */
export const act = (what: Act) => run(acts.push(what) - 1);

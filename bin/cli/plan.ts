import { WORKLOAD_PROGRAMS } from '../../components/clients/registry.ts';
import type { WorkloadProgram } from '../../components/clients/workload-program.ts';
import type { Command } from './command.ts';
import type { Io } from '../../foundation/node/io.ts';
import { exitCodeOf, say, selected, selecting, SETTINGS, type Configured } from './scenarios.ts';

export const PLAN: Command<Configured> = {
  name: 'plan',
  summary: 'print what a run would create, and what each probe expects',
  about: 'Print what a run would create, and what each probe expects. Create nothing.',
  ...selecting('plan'),
  remarks: `${SETTINGS}\nExit codes: 0 planned; 2 wrong usage or configuration.`,
  run: (configuration, io) => plan(configuration, io),
};

export async function plan(
  configuration: Configured,
  io: Io,
  workload: WorkloadProgram = WORKLOAD_PROGRAMS[0],
): Promise<number> {
  const { scenarios, problems } = await selected(configuration, io);
  const [{ planText }, { capabilitiesBefore }] = await Promise.all([
    import('../../harness/plan/print.ts'),
    import('../../harness/engine/platform.ts'),
  ]);
  const ofOtherAgent = configuration.cluster.otherCapabilities?.(configuration);
  const available = [undefined, ...(ofOtherAgent ? [ofOtherAgent] : [])].map((of) =>
    capabilitiesBefore(configuration, of),
  );
  say(io, planText(scenarios, configuration, available, workload));
  return exitCodeOf({ problems }, io);
}
